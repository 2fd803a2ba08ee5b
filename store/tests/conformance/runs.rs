use std::time::Duration;

use dialtone_model::{Event, FailureClass, OrderId, RowRef, RunKind, RunState, State, TemplateStatus};
use dialtone_store::{Brings, NewRun, OrderFilter, PersonalAct, RefusedRow, RunRecord, StoreError, Subscriber};

use crate::bed::{Bed, Tenant};
use crate::projects::new_project;
use crate::templates;

crate::on_both_engines!(
    a_run_whose_report_nobody_kept_is_found_until_somebody_does,
    a_run_is_added_whole_or_not_at_all,
    a_run_brings_what_it_needs_or_nothing,
    a_run_that_was_added_is_not_added_again,
    two_runs_cannot_oversell,
    two_runs_cannot_claim_one_value,
    a_second_order_on_an_open_object_is_refused,
    orders_are_read_page_by_page,
    orders_are_found_by_what_they_are,
    a_run_pauses_and_resumes_as_it_was_seen,
    a_run_without_orders_is_over,
);

async fn a_run_is_added_whole_or_not_at_all(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 3).await;
    let refused = bed.store.add_run(&bed.run(&tenant, 0..5)).await.unwrap_err();
    assert!(matches!(&refused, StoreError::LicencesShort { licence, missing: 2 } if licence == "base"), "{refused}");
    assert!(bed.store.runs(tenant.id, 9).await.unwrap().is_empty());
    assert_eq!(bed.store.available_numbers(tenant.id).await.unwrap().len(), 5);
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].free, 3);
}

async fn a_run_brings_what_it_needs_or_nothing(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 3).await;
    let person = |domain: &str| Subscriber {
        user_id: "tony".to_owned(),
        first_name: None,
        last_name: "Sample".to_owned(),
        email: None,
        role: "Employee".to_owned(),
        domain: domain.to_owned(),
        identity_id: None,
    };
    let bringing = |users: usize| {
        let (upload, template) = (bed.upload(&tenant), bed.new_template(&tenant, "Sales"));
        let project = new_project(bed, &tenant, bed.ids.next());
        let members = templates::users(&tenant, 0..users, Some(RowRef { upload: upload.id, row: 2 }));
        let refused = RefusedRow { row: 9, findings: Vec::new() };
        NewRun {
            template: Some((template.id, 1)),
            project: Some((project.id, 1)),
            uploads: vec![upload.id],
            brings: Brings {
                template: Some((template, members)),
                project: Some(project),
                uploads: vec![(upload, vec![refused])],
                subscribers: vec![person("North")],
            },
            ..bed.run(&tenant, 0..users)
        }
    };
    bed.store.add_run(&bringing(5)).await.unwrap_err();
    assert!(bed.store.templates(tenant.id, "").await.unwrap().is_empty());
    assert!(bed.store.projects(tenant.id).await.unwrap().is_empty());
    assert!(bed.store.subscribers(tenant.id).await.unwrap().is_empty());

    let run = bringing(3);
    bed.store.add_run(&run).await.unwrap();
    bed.store.add_run(&run).await.unwrap();
    let template = bed.store.templates(tenant.id, "").await.unwrap().remove(0);
    assert_eq!((template.status, template.run, template.total_users), (TemplateStatus::InProgress, Some(run.id), 3));
    let (_, users) = run.brings.template.as_ref().unwrap();
    assert_eq!(&bed.store.template_users(template.id).await.unwrap(), users);
    assert_eq!(bed.store.template_uploads(template.id).await.unwrap(), run.uploads);
    let project = bed.store.projects(tenant.id).await.unwrap().remove(0);
    assert_eq!(project.run, Some(run.id));
    assert_eq!(bed.store.project_uploads(project.id).await.unwrap(), run.uploads);
    let (upload, refused) = &run.brings.uploads[0];
    assert_eq!(&bed.store.upload(upload.id).await.unwrap(), upload);
    assert_eq!(&bed.store.refused_rows(upload.id).await.unwrap(), refused);

    let brings = Brings { subscribers: vec![person("South")], ..Brings::default() };
    bed.store.add_run(&NewRun { brings, ..bed.run(&tenant, 0..0) }).await.unwrap();
    assert_eq!(bed.store.subscribers(tenant.id).await.unwrap(), [person("North")], "a known one stays");
}

async fn a_run_that_was_added_is_not_added_again(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let template = bed.template(&tenant, "Sales").await;
    let run = NewRun { template: Some((template, 1)), ..bed.run(&tenant, 0..2) };
    bed.store.add_run(&run).await.unwrap();
    bed.store.add_run(&run).await.unwrap();
    assert_eq!(bed.store.run_orders(run.id, None, 9).await.unwrap().len(), 2);
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].reserved, 2);
    let record = bed.store.template(template).await.unwrap();
    assert_eq!((record.status, record.run), (TemplateStatus::InProgress, Some(run.id)));

    let seen_before = NewRun { template: Some((template, 1)), ..bed.run(&tenant, 2..3) };
    let refused = bed.store.add_run(&seen_before).await.unwrap_err();
    assert!(matches!(refused, StoreError::TemplateAction(_)), "{refused}");
}

async fn two_runs_cannot_oversell(bed: &Bed) {
    let tenant = bed.tenant("Sample", 40, 25).await;
    let added = add_at_once(bed, vec![bed.run(&tenant, 0..20), bed.run(&tenant, 20..40)]).await;
    let refused: Vec<_> = added.into_iter().filter_map(Result::err).collect();
    assert!(matches!(refused.as_slice(), [StoreError::LicencesShort { missing: 15, .. }]), "{refused:?}");
    let counts = bed.store.licences(tenant.id).await.unwrap();
    assert!(counts.iter().all(|count| (count.free, count.reserved, count.used) == (5, 20, 0)));
}

async fn two_runs_cannot_claim_one_value(bed: &Bed) {
    let tenant = bed.tenant("Sample", 40, 80).await;
    let template = bed.template(&tenant, "Sales").await;
    let first = NewRun { template: Some((template, 1)), ..bed.run(&tenant, 0..21) };
    let second = NewRun { template: None, ..bed.run(&tenant, 20..40) };
    let added = add_at_once(bed, vec![first, second]).await;
    let refused: Vec<_> = added.into_iter().filter_map(Result::err).collect();
    let [StoreError::Taken { what: "ext key", value, by }] = refused.as_slice() else { panic!("{refused:?}") };
    assert_eq!(value, "10020");
    let claimed = bed.store.claimed(tenant.id).await.unwrap();
    assert_eq!(claimed.ext_keys["10020"], *by);
    assert_eq!(claimed.ext_keys.len(), claimed.users.len());
    assert_eq!(claimed.ext_keys.len(), claimed.numbers.len());

    // The user and the number are claimed as well as the key.
    let mut other = bed.run(&tenant, 20..21);
    let Some(dialtone_store::ExtensionClaim::New(extension)) = &mut other.orders[0].claim else { unreachable!() };
    extension.key = "999".to_owned();
    let refused = bed.store.add_run(&other).await.unwrap_err();
    assert!(matches!(refused, StoreError::Taken { what: "user", .. }), "{refused}");
}

async fn add_at_once(bed: &Bed, runs: Vec<NewRun>) -> Vec<Result<(), StoreError>> {
    let tasks: Vec<_> = runs
        .into_iter()
        .map(|run| {
            let store = bed.store.clone();
            tokio::spawn(async move { store.add_run(&run).await })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn a_second_order_on_an_open_object_is_refused(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let on_phone = |user: usize| {
        let mut run = bed.run(&tenant, user..user + 1);
        run.orders[0].object = Some("phone/SEP001122334455".to_owned());
        run
    };
    let first = on_phone(0);
    bed.store.add_run(&first).await.unwrap();
    let refused = bed.store.add_run(&on_phone(1)).await.unwrap_err();
    let number = bed.store.order_by_id(first.orders[0].id).await.unwrap().number;
    assert!(matches!(refused, StoreError::OpenOrder { order_number, .. } if order_number == number), "{refused}");
    bed.store.cancel_run(first.id, 1, "ana", bed.now()).await.unwrap();
    bed.store.add_run(&on_phone(1)).await.unwrap();
}

async fn orders_are_read_page_by_page(bed: &Bed) {
    let tenant = bed.tenant("Sample", 8, 8).await;
    let mut run = bed.run(&tenant, 0..7);
    run.orders[0].origin_row = Some(RowRef { upload: bed.ids.next(), row: 2 });
    bed.store.add_run(&run).await.unwrap();
    bed.store.add_run(&bed.run(&tenant, 7..8)).await.unwrap();
    let mut read: Vec<OrderId> = Vec::new();
    loop {
        let page = bed.store.run_orders(run.id, read.last().copied(), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        read.extend(page.iter().map(|order| order.id));
    }
    assert_eq!(read, run.orders.iter().map(|order| order.id).collect::<Vec<_>>());
    let first = &bed.store.run_orders(run.id, None, 1).await.unwrap()[0];
    assert_eq!((first.origin_row, first.state, first.version), (run.orders[0].origin_row, State::NEW, 0));
    assert_eq!(first.steps, run.orders[0].steps);
    assert_eq!(bed.store.order(tenant.id, first.number).await.unwrap(), *first);
    let stranger = bed.tenant("Stranger", 0, 0).await;
    assert!(matches!(bed.store.order(stranger.id, first.number).await, Err(StoreError::NotFound { .. })));
}

async fn orders_are_found_by_what_they_are(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let mut run = bed.run(&tenant, 0..4);
    for (order, subject) in run.orders.iter_mut().zip(["Tony", "jane 100%", "JANE 100 times", "Äther"]) {
        order.subject = subject.to_owned();
    }
    bed.store.add_run(&run).await.unwrap();
    let found = async |filter: OrderFilter| -> Vec<String> {
        let filter = OrderFilter { limit: 9, ..filter };
        let orders = bed.store.orders(tenant.id, &filter).await.unwrap();
        orders.into_iter().map(|order| order.subject).collect()
    };
    let subject = |subject: &str| OrderFilter { subject: Some(subject.to_owned()), ..OrderFilter::default() };
    assert_eq!(found(subject("Jane")).await, ["jane 100%", "JANE 100 times"]);
    assert_eq!(found(subject("100%")).await, ["jane 100%"]);
    assert_eq!(found(subject("äther")).await, ["Äther"]);
    assert_eq!(found(OrderFilter { run: Some(bed.ids.next()), ..OrderFilter::default() }).await, [""; 0]);
    assert_eq!(found(OrderFilter { state: Some("released".to_owned()), ..OrderFilter::default() }).await, [""; 0]);
    let lease = bed.lease().await;
    bed.claim(&tenant, lease, 1).await;
    let working = OrderFilter {
        run: Some(run.id),
        state: Some("released".to_owned()),
        extended: Some("being_provisioned".to_owned()),
        ..OrderFilter::default()
    };
    assert_eq!(found(working).await, ["Tony"]);
    let after = OrderFilter { after: Some(run.orders[2].id), ..OrderFilter::default() };
    assert_eq!(found(after).await, ["Äther"]);
}

async fn a_run_pauses_and_resumes_as_it_was_seen(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = NewRun { uploads: uploads(bed, &tenant, 2).await, ..bed.run(&tenant, 0..2) };
    bed.store.add_run(&run).await.unwrap();
    assert_eq!(bed.store.run_uploads(run.id).await.unwrap(), run.uploads);
    bed.store.set_run_state(run.id, 1, RunState::Paused).await.unwrap();
    let again = bed.store.set_run_state(run.id, 1, RunState::Paused).await.unwrap_err();
    assert!(matches!(again, StoreError::RunState(RunState::Paused)), "{again}");
    let changed = bed.store.set_run_state(run.id, 1, RunState::Running).await.unwrap_err();
    assert!(matches!(changed, StoreError::Changed { what: "run" }), "{changed}");
    let RunRecord { id, state, version, .. } = bed.store.open_runs().await.unwrap().remove(0);
    assert_eq!((id, state, version), (run.id, RunState::Paused, 2));
    assert_eq!(bed.store.runs(tenant.id, 9).await.unwrap()[0].id, run.id);
}

async fn uploads(bed: &Bed, tenant: &Tenant, count: usize) -> Vec<dialtone_model::UploadId> {
    let mut uploads = Vec::new();
    for _ in 0..count {
        let upload = bed.upload(tenant);
        bed.store.add_upload(&upload, &[]).await.unwrap();
        uploads.push(upload.id);
    }
    uploads
}

async fn a_run_without_orders_is_over(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let template = bed.template(&tenant, "Sales").await;
    let run = NewRun { template: Some((template, 1)), ..bed.run(&tenant, 0..0) };
    bed.store.add_run(&run).await.unwrap();
    assert_eq!(bed.store.run(run.id).await.unwrap().state, RunState::Finished);
    assert_eq!(bed.store.template(template).await.unwrap().status, TemplateStatus::Completed);
    assert!(bed.store.open_runs().await.unwrap().is_empty());
}

async fn a_run_whose_report_nobody_kept_is_found_until_somebody_does(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let runs = [NewRun { kind: RunKind::Project, ..bed.run(&tenant, 0..1) }, bed.run(&tenant, 1..2)];
    for run in &runs {
        bed.store.add_run(run).await.unwrap();
    }
    let later = bed.now() + Duration::from_secs(60);
    let unreported = async |before| bed.store.unreported_runs(before, 9).await.unwrap();
    let unfollowed = async || bed.store.unfollowed_runs(tenant.id).await.unwrap().len();
    assert!(unreported(later).await.is_empty(), "they aren't over");
    assert_eq!(unfollowed().await, 1, "an order that was placed by itself is no run of files");
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    let fails = Event::StepFailed { class: FailureClass::Recoverable, unknown: false };
    let failed: Vec<_> = claims.iter().map(|claim| bed.outcome(claim, fails)).collect();
    bed.store.record(lease, "worker", &failed).await.unwrap();
    assert!(unreported(bed.now()).await.is_empty(), "they may be followed still");
    assert_eq!(unreported(later).await, [runs[0].id]);
    assert_eq!(unfollowed().await, 1);

    let told = bed.store.run(runs[0].id).await.unwrap().version;
    bed.store.note_report(runs[0].id, told).await.unwrap();
    assert!(unreported(later).await.is_empty());
    assert_eq!(unfollowed().await, 0);

    let order = bed.store.order_by_id(runs[0].orders[0].id).await.unwrap();
    bed.store.act(order.id, order.version, PersonalAct::Retry, "ana", bed.now()).await.unwrap();
    assert!(unreported(later).await.is_empty(), "it goes on");
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    bed.store.record(lease, "worker", &[bed.outcome(&claim, Event::StepDone)]).await.unwrap();
    assert_eq!(unreported(later).await, [runs[0].id], "the kept one tells of the first end");
    assert_eq!(unfollowed().await, 0, "whoever started it has seen an end of it");
}
