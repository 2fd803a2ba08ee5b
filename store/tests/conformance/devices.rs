use dialtone_model::{Device, DeviceId, DeviceLimits, Tls};
use dialtone_store::{Resealed, StoreError, Vault, VaultError};

use crate::bed::{Bed, random};

crate::on_both_engines!(
    a_device_is_kept_whole_by_its_id,
    credentials_are_sealed_and_need_the_vault,
    what_an_older_version_left_unsealed_is_sealed,
    a_new_key_seals_all_anew,
    changes_are_found_by_their_revision,
);

async fn a_device_is_kept_whole_by_its_id(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let mut device = bed.store.device(tenant.device).await.unwrap();
    device.limits = DeviceLimits { rate: Some(20), ..DeviceLimits::default() };
    device.secrets.insert("enable".to_owned(), "a second secret".to_owned());
    device.settings.insert("site".to_owned(), "12".to_owned());
    for tls in [Tls::Ca("a certificate".to_owned()), Tls::Insecure, Tls::System] {
        device.tls = tls;
        bed.store.put_device(&device).await.unwrap();
        assert_eq!(bed.store.device(device.id).await.unwrap(), device);
    }
    let other = bed.device(tenant.id, "mailboxes").await;
    let names: Vec<_> = bed.store.devices(tenant.id).await.unwrap().into_iter().map(|device| device.name).collect();
    assert_eq!(names, ["mailboxes", "phones"]);
    let ids: Vec<_> = bed.store.all_devices().await.unwrap().into_iter().map(|device| device.id).collect();
    assert_eq!(ids, [device.id, other]);
    device.name = "mailboxes".to_owned();
    let taken = bed.store.put_device(&device).await.unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken { what: "device", .. }), "{taken}");
}

async fn credentials_are_sealed_and_need_the_vault(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let device = bed.store.device(tenant.device).await.unwrap();
    assert_eq!(device.password, "secret");
    assert!(!bed.credentials_at_rest().await.contains("secret"), "the password can be read");

    let without = bed.reopen().await.unwrap();
    assert!(matches!(without.device(device.id).await.unwrap_err(), StoreError::NoVault));
    assert!(matches!(without.put_device(&device).await.unwrap_err(), StoreError::NoVault));
    let bare = Device { id: bed.ids.next(), name: "bare".to_owned(), password: String::new(), ..device };
    without.put_device(&bare).await.unwrap();
    assert_eq!(without.device(bare.id).await.unwrap(), bare);

    let folder = tempfile::tempdir().unwrap();
    let other = Vault::read_or_make(&folder.path().join("key"), random).unwrap();
    let refused = without.with_vault(other).await.unwrap_err();
    assert!(matches!(refused, StoreError::Vault(VaultError::UnknownKey { .. })), "{refused}");
}

async fn what_an_older_version_left_unsealed_is_sealed(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let plain = "UPDATE devices SET password = 'left behind', credentials = NULL";
    bed.sql(plain, plain).await;
    assert!(bed.credentials_at_rest().await.contains("left behind"));
    let store = bed.reopen().await.unwrap().with_vault(bed.vault()).await.unwrap();
    assert_eq!(store.device(tenant.device).await.unwrap().password, "left behind");
    assert!(!bed.credentials_at_rest().await.contains("left behind"), "the password can still be read");
    assert!(!bed.files_contain("left behind"), "a page or the log still has it");
    store.close().await;
}

async fn a_new_key_seals_all_anew(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    bed.device(tenant.id, "mailboxes").await;
    assert_eq!(bed.store.reseal().await.unwrap(), Resealed::default());
    let vault = bed.vault();
    vault.add_key().unwrap();
    let store = bed.reopen().await.unwrap().with_vault(vault).await.unwrap();
    assert_eq!(store.reseal().await.unwrap().devices, 2);
    assert_eq!(store.reseal().await.unwrap(), Resealed::default());
    // Whoever opened the store before the rotation finds the new key by itself.
    assert_eq!(bed.store.device(tenant.device).await.unwrap().password, "secret");
    store.close().await;
}

async fn changes_are_found_by_their_revision(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let other = bed.device(tenant.id, "mailboxes").await;
    let changed = bed.store.devices_changed_since(0).await.unwrap();
    let ids = |changed: &[(DeviceId, i64)]| changed.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!(ids(&changed), [tenant.device, other]);
    let last = changed[1].1;
    assert_eq!(bed.store.devices_changed_since(last).await.unwrap(), []);
    bed.store.put_device(&bed.store.device(tenant.device).await.unwrap()).await.unwrap();
    assert_eq!(ids(&bed.store.devices_changed_since(last).await.unwrap()), [tenant.device]);
}
