use dialtone_model::{Finding, Licence, LicenceCount, Organization, Profile, Severity, User};
use dialtone_store::{NewOrganization, RefusedRow, StoreError};

use crate::bed::{Bed, number, recording};

crate::on_both_engines!(
    a_directory_is_imported_and_imported_again,
    licences_can_grow_and_shrink,
    an_upload_keeps_its_refused_rows,
);

async fn a_directory_is_imported_and_imported_again(bed: &Bed) {
    let tenant = bed.tenant("Sample", 1_100, 5).await;
    assert_eq!(bed.store.users(tenant.id).await.unwrap().len(), 1_100);
    assert_eq!(bed.store.numbers(tenant.id).await.unwrap().len(), 1_100);
    let renamed = User { id: tenant.users[0], name: "Jane".to_owned() };
    bed.store.put_users(tenant.id, std::slice::from_ref(&renamed)).await.unwrap();
    bed.store.put_numbers(tenant.id, &[number(0), "1".to_owned()]).await.unwrap();
    assert_eq!(bed.store.users(tenant.id).await.unwrap()[0], renamed);
    assert_eq!(bed.store.numbers(tenant.id).await.unwrap().len(), 1_101);

    let organization = Organization { id: bed.ids.next(), name: "Sample".to_owned(), profile: Profile::Older };
    let twice = bed.store.add_organization(&NewOrganization { organization, at: bed.now() }).await.unwrap_err();
    assert!(matches!(twice, StoreError::NameTaken { what: "organization", .. }), "{twice}");
    assert_eq!(bed.store.organizations().await.unwrap().len(), 1);
    assert_eq!(bed.store.organization(tenant.id).await.unwrap().name, "Sample");
    let nobody = bed.store.organization(bed.ids.next()).await.unwrap_err();
    assert!(matches!(nobody, StoreError::NotFound { what: "organization", .. }), "{nobody}");
}

async fn licences_can_grow_and_shrink(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..3)).await.unwrap();
    let owned = |owned| LicenceCount {
        licence: Licence::AddOn(recording()),
        name: "Call recording".to_owned(),
        owned,
        free: 0,
        reserved: 0,
        used: 0,
    };
    bed.store.put_licences(tenant.id, &[owned(3)]).await.unwrap();
    let counts = bed.store.licences(tenant.id).await.unwrap();
    assert_eq!((counts[1].owned, counts[1].free, counts[1].reserved), (3, 0, 3));
    let refused = bed.store.put_licences(tenant.id, &[owned(9), owned(1)]).await.unwrap_err();
    assert!(matches!(&refused, StoreError::LicencesShort { missing: 2, .. }), "{refused}");
    assert_eq!(bed.store.licences(tenant.id).await.unwrap(), counts);
}

async fn an_upload_keeps_its_refused_rows(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let finding = |row| Finding {
        file: "users.csv".to_owned(),
        row: Some(row),
        column: Some("Ext Key".to_owned()),
        value: Some("12".to_owned()),
        severity: Severity::Error,
        code: "ext-key".into(),
        message: "it has too few digits".to_owned(),
        repair: None,
    };
    let refused: Vec<_> = (2..602).map(|row| RefusedRow { row, findings: vec![finding(row)] }).collect();
    let upload = bed.upload(&tenant);
    bed.store.add_upload(&upload, &refused).await.unwrap();
    assert_eq!(bed.store.upload(upload.id).await.unwrap(), upload);
    assert_eq!(bed.store.refused_rows(upload.id).await.unwrap(), refused);

    let again = bed.upload(&tenant);
    bed.store.add_upload(&again, &[]).await.unwrap();
    let same = bed.store.uploads_by_sha256(tenant.id, &upload.sha256).await.unwrap();
    assert_eq!(same, [again, upload]);
}
