use std::collections::BTreeMap;
use std::time::Duration;

use dialtone_drivers::PageRequest;
use dialtone_model::{AddOn, DeviceObject, Extension, ObjectKind, SyncScope};

use crate::bed::{Bed, ENGINES, World, extension, provision};

async fn read(world: &World<'_>, scope: SyncScope) -> (Vec<DeviceObject>, usize) {
    let mut request = PageRequest { scope, since: None, after: None };
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = world.driver.read(&request, Duration::from_secs(10)).await.unwrap();
        assert!(page.whole && page.gone.is_empty() && page.found.len() <= 500);
        found.extend(page.found);
        pages += 1;
        match page.next {
            Some(next) => request.after = Some(next),
            None => return (found, pages),
        }
    }
}

#[tokio::test]
async fn a_read_tells_extensions_with_what_belongs_to_them() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        let two = vec![AddOn("call-recording".to_owned()), AddOn("fax".to_owned())];
        world.done(&provision("0101", 1)).await;
        world
            .done(&dialtone_model::Action::ProvisionExtension(Extension {
                add_ons: two,
                number: None,
                user: None,
                ..extension("0102", 2)
            }))
            .await;
        let (found, _) = read(&world, SyncScope::Subscribers).await;
        let attributes = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let user = extension("0101", 1).user.unwrap().to_string();
        assert_eq!(
            found
                .iter()
                .map(|object| (object.kind, object.key.as_str(), object.attributes.clone()))
                .collect::<Vec<_>>(),
            [
                (
                    ObjectKind::Extension,
                    "0101",
                    attributes(&[
                        ("add_ons[1]", "call-recording"),
                        ("directory_name", "User 1"),
                        ("number", "442000000001"),
                        ("user", &user),
                    ])
                ),
                (
                    ObjectKind::Extension,
                    "0102",
                    attributes(&[
                        ("add_ons[1]", "call-recording"),
                        ("add_ons[2]", "fax"),
                        ("directory_name", "User 2"),
                    ])
                ),
            ],
            "{engine:?}"
        );
        assert_eq!(read(&world, SyncScope::Infrastructure).await, (Vec::new(), 1));
    }
}

#[tokio::test]
async fn a_read_warns_of_what_does_harm() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        world.done(&provision("0101", 1)).await;
        world.done(&provision("0102", 2)).await;
        bed.sql(
            "INSERT INTO dbaliases (alias_username, alias_domain, username, domain) VALUES \
             ('442000000001', 'example.org', '0102', 'example.org'), \
             ('0999', 'example.org', 'gone', 'example.org'); \
             INSERT INTO subscriber (username, domain) VALUES ('0101', 'elsewhere.example')",
        )
        .await;
        let (found, _) = read(&world, SyncScope::Subscribers).await;
        let warnings: Vec<(ObjectKind, &str, Vec<&str>)> = found
            .iter()
            .map(|object| {
                let warnings = object.attributes.iter().filter(|(name, _)| name.starts_with("warnings["));
                (object.kind, object.key.as_str(), warnings.map(|(_, text)| text.as_str()).collect())
            })
            .collect();
        let mut expected = vec![
            (ObjectKind::Extension, "0101", vec!["the number 442000000001 leads to 2 accounts"]),
            (ObjectKind::Extension, "0102", vec!["the number 442000000001 leads to 2 accounts", "it has 2 numbers"]),
            (ObjectKind::Extension, "0101@elsewhere.example", vec!["the domain elsewhere.example isn't the site's"]),
            (ObjectKind::DirectoryNumber, "0999/example.org", vec!["it leads to gone@example.org, which isn't there"]),
        ];
        expected.sort();
        let mut warnings = warnings;
        warnings.sort();
        assert_eq!(warnings, expected, "{engine:?}");
    }
}

#[tokio::test]
async fn many_extensions_are_read_page_by_page() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        // Past two pages, so that one begins and ends inside.
        let keys: Vec<String> = (0..1_203).map(|index| format!("{index:05}")).collect();
        let rows = |row: &dyn Fn(&String) -> String| keys.iter().map(row).collect::<Vec<_>>().join(", ");
        let accounts = rows(&|key| format!("('{key}', 'example.org')"));
        let aliases = rows(&|key| format!("('4420{key}', 'example.org', '{key}', 'example.org')"));
        bed.sql(&format!(
            "INSERT INTO subscriber (username, domain) VALUES {accounts}; \
             INSERT INTO dbaliases (alias_username, alias_domain, username, domain) VALUES {aliases}"
        ))
        .await;
        let (found, pages) = read(&world, SyncScope::Subscribers).await;
        assert_eq!(found.iter().map(|object| object.key.clone()).collect::<Vec<_>>(), keys, "{engine:?}");
        for object in &found {
            assert_eq!(object.attributes["number"], format!("4420{}", object.key));
        }
        assert_eq!(pages, 4);
    }
}
