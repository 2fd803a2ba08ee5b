use dialtone_model::{AddOn, RowRef, TemplateId, TemplateStatus};
use dialtone_store::{NewRun, NewTemplate, StoreError, TemplateUser};

use crate::bed::{Bed, Tenant, number, recording};

crate::on_both_engines!(
    users_come_and_go,
    a_template_is_found_by_name_or_id,
    a_duplicate_has_the_same_users,
    a_started_template_stays_as_it_is,
);

pub(crate) fn users(tenant: &Tenant, range: std::ops::Range<usize>, origin: Option<RowRef>) -> Vec<TemplateUser> {
    range
        .map(|index| TemplateUser {
            origin,
            ext_key: format!("{:03}", 100 + index),
            user: tenant.users[index],
            user_name: format!("User {index}"),
            number: (index > 0).then(|| number(index)),
        })
        .collect()
}

async fn users_come_and_go(bed: &Bed) {
    let tenant = bed.tenant("Sample", 6, 6).await;
    let id = bed.template(&tenant, "Sales").await;
    let upload = bed.upload(&tenant);
    bed.store.add_upload(&upload, &[]).await.unwrap();
    let origin = Some(RowRef { upload: upload.id, row: 2 });
    bed.store.add_template_users(id, 1, &[upload.id], &users(&tenant, 0..3, origin)).await.unwrap();
    bed.store.add_template_users(id, 2, &[], &users(&tenant, 3..5, None)).await.unwrap();
    let changed = bed.store.add_template_users(id, 2, &[], &users(&tenant, 5..6, None)).await.unwrap_err();
    assert!(matches!(changed, StoreError::Changed { what: "template" }), "{changed}");

    let all: Vec<_> = users(&tenant, 0..3, origin).into_iter().chain(users(&tenant, 3..5, None)).collect();
    assert_eq!(bed.store.template_users(id).await.unwrap(), all);
    assert_eq!(bed.store.template_uploads(id).await.unwrap(), [upload.id]);
    assert_eq!(bed.store.template(id).await.unwrap().total_users, 5);

    let gone = ["101".to_owned(), "103".to_owned(), "999".to_owned()];
    assert_eq!(bed.store.remove_template_users(id, 3, &gone).await.unwrap(), 2);
    let kept: Vec<_> = bed.store.template_users(id).await.unwrap().into_iter().map(|user| user.ext_key).collect();
    assert_eq!(kept, ["100", "102", "104"]);

    bed.store.edit_template(id, 4, "Sales, north", &[AddOn("voicemail".to_owned()), recording()]).await.unwrap();
    let record = bed.store.template(id).await.unwrap();
    assert_eq!((record.name.as_str(), record.version, record.total_users), ("Sales, north", 5, 3));
    assert_eq!(record.add_ons, [recording(), AddOn("voicemail".to_owned())]);

    bed.store.delete_template(id, 5).await.unwrap();
    assert!(matches!(bed.store.template(id).await, Err(StoreError::NotFound { what: "template", .. })));
    assert_eq!(bed.store.upload(upload.id).await.unwrap(), upload);
}

async fn a_template_is_found_by_name_or_id(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let sales = bed.template(&tenant, "Vertrieb ÄÖ").await;
    let support = bed.template(&tenant, "Support").await;
    let found = async |search: &str| -> Vec<TemplateId> {
        let templates = bed.store.templates(tenant.id, search).await.unwrap();
        templates.into_iter().map(|template| template.id).collect()
    };
    assert_eq!(found("").await, [support, sales]);
    assert_eq!(found("äö").await, [sales]);
    assert_eq!(found("PORT").await, [support]);
    assert_eq!(found(&sales.to_string().to_uppercase()).await, [sales]);
    assert!(found("%").await.is_empty());
}

async fn a_duplicate_has_the_same_users(bed: &Bed) {
    let tenant = bed.tenant("Sample", 6, 6).await;
    let from = bed.template(&tenant, "Sales").await;
    bed.store.add_template_users(from, 1, &[], &users(&tenant, 0..4, None)).await.unwrap();
    let run = NewRun { template: Some((from, 2)), ..bed.run(&tenant, 0..1) };
    bed.store.add_run(&run).await.unwrap();
    let new = NewTemplate {
        id: bed.ids.next(),
        organization: tenant.id,
        name: "Sales again".to_owned(),
        add_ons: vec![recording()],
        at: bed.now(),
        by: "ana".to_owned(),
    };
    bed.store.duplicate_template(from, &new).await.unwrap();
    let copy = bed.store.template(new.id).await.unwrap();
    assert_eq!((copy.status, copy.total_users, copy.run), (TemplateStatus::Draft, 4, None));
    assert_eq!(bed.store.template_users(new.id).await.unwrap(), bed.store.template_users(from).await.unwrap());
}

async fn a_started_template_stays_as_it_is(bed: &Bed) {
    let tenant = bed.tenant("Sample", 6, 6).await;
    let id = bed.template(&tenant, "Sales").await;
    let run = NewRun { template: Some((id, 1)), ..bed.run(&tenant, 0..1) };
    bed.store.add_run(&run).await.unwrap();
    let version = bed.store.template(id).await.unwrap().version;
    let refusals = [
        bed.store.edit_template(id, version, "Other", &[]).await,
        bed.store.add_template_users(id, version, &[], &users(&tenant, 0..1, None)).await,
        bed.store.delete_template(id, version).await,
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(StoreError::TemplateAction(_))), "{refusal:?}");
    }
    assert_eq!(bed.store.template(id).await.unwrap().version, version);
}
