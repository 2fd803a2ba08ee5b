use super::super::Outcome;
use super::bed::{facts, owned_later, plan, told, with_phone};

const HEADER: &str = "Row Id,Order Type,Product,User ID,First Name,Last Name,Domain,Service Area,Sequence Number,\
                      Assoc With,Phone Type,Protocol,MAC Address,Line Type,Directory Number,Selected Phone,Target Phone,\
                      Selected Line,Voicemail Alias,Voicemail Display Name";

fn check(rows: &str, expected: &[&str]) {
    let facts = with_phone();
    let (plan, readings) = plan(&format!("{HEADER}\n{rows}"), &facts);
    let text = told(&plan, &readings, &facts);
    let found: Vec<&str> = text.lines().filter(|line| !line.starts_with("  ") && !line.starts_with("calls")).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn rows_with_one_id_are_one_order_and_its_products_meet_each_others_needs() {
    check(
        "1,ADD,Phone,tony,Tony,Sample,Singapore,,1,,Cisco 7965,SIP,0011AABBCC01,,,,,,,\n\
         1,ADD,Line,tony,,,,,2,1,,,,Chosen,4301,,,,,\n\
         1,ADD,Voicemail,tony,,,,,3,2,,,,,,,,,tony,Tony Sample\n\
         2,ADD,Phone Service,jane,Jane,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC02,Auto-assigned,,,,,,\n\
         2,ADD,Line,jane,,,,,,,,,,Auto-assigned,,,,,,\n",
        &[
            "row 2 tony Phone: create order 1",
            "row 3 tony Line: create order 1",
            "row 4 tony Voicemail: create order 1",
            "row 5 jane Phone Service: create order 2",
            "row 6 jane Line: create order 2",
            "order 1 Phone for Tony Sample (tony)",
            "order 2 Phone Service for Jane Sample (jane)",
        ],
    );
}

#[test]
fn sequence_numbers_and_not_rows_give_the_order_of_making() {
    check(
        "1,ADD,Line,known,,,,,2,1,,,,Chosen,4301,,,,,\n\
         1,ADD,Phone,known,,,,,1,,Cisco 7965,SIP,0011AABBCC01,,,,,,,\n",
        &[
            "row 2 known Line: create order 1",
            "row 3 known Phone: create order 1",
            "order 1 Line for Known Sample (known)",
        ],
    );
}

#[test]
fn an_earlier_row_meets_a_need_and_one_users_orders_are_a_chain() {
    check(
        ",ADD,Phone,tony,Tony,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC01,,,,,,,\n\
         ,ADD,Phone,jane,Jane,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC02,,,,,,,\n\
         ,ADD,Line,tony,,,,,,,,,,Chosen,4301,SEP0011AABBCC01,,,,\n\
         ,ADD,Voicemail,tony,,,,,,,,,,,,,,4301,tony,Tony Sample\n",
        &[
            "row 2 tony Phone: create order 1",
            "row 3 jane Phone: create order 2",
            "row 4 tony Line: create order 3",
            "row 5 tony Voicemail: create order 4",
            "order 1 Phone for Tony Sample (tony)",
            "order 2 Phone for Jane Sample (jane)",
            "order 3 Line for Tony Sample (tony), after order 1, which it needs",
            "order 4 Voicemail for Tony Sample (tony), after order 3, which it needs",
        ],
    );
}

#[test]
fn a_line_on_somebody_elses_new_phone_waits_for_the_phone() {
    check(
        ",ADD,Phone,tony,Tony,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC01,,,,,,,\n\
         ,ADD,Line on a Shared Phone,jane,Jane,Sample,Singapore,,,,,,,Chosen,4301,,SEP0011AABBCC01,,,\n",
        &[
            "row 2 tony Phone: create order 1",
            "row 3 jane Line on a Shared Phone: create order 2",
            "order 1 Phone for Tony Sample (tony)",
            "order 2 Line on a Shared Phone for Jane Sample (jane), after order 1, which it needs",
        ],
    );
}

#[test]
fn a_bad_row_takes_its_order_with_it_and_the_orders_that_need_it() {
    check(
        "1,ADD,Phone,tony,Tony,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC01,,,,,,,\n\
         1,ADD,Line,tony,,,,,,,,,,Chosen,4100,,,,,\n\
         ,ADD,Line,tony,Tony,Sample,Singapore,,,,,,,Chosen,4301,SEP0011AABBCC01,,,,\n\
         ,ADD,Phone,jane,Jane,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC02,,,,,,,\n",
        &[
            "row 2 tony Phone: refused",
            "row 3 tony Line: refused",
            "row 4 tony Line: refused",
            "row 5 jane Phone: create order 1",
            "Error row 2 order-row-refused: The order is refused because row 3 has an error.",
            "Error row 3 number-reserved: The number is reserved for lobby.",
            "Error row 4 order-depends-on-refused: The order needs the Phone of row 2 of hires.csv, which is \
             refused.",
            "order 1 Phone for Jane Sample (jane)",
        ],
    );
}

#[test]
fn what_is_there_as_the_row_says_is_no_change_and_what_contradicts_is_a_conflict() {
    let facts = with_phone();
    let header = "Order Type,Product,User ID,Phone Type,Protocol,Phone Button Template,MAC Address";
    let outcomes = |rows: &str| {
        let (plan, readings) = plan(&format!("{header}\n{rows}"), &facts);
        let outcomes: Vec<Outcome> = plan.rows.iter().map(|row| row.outcome).collect();
        (outcomes, told(&plan, &readings, &facts))
    };
    let (found, text) = outcomes("ADD,Phone,known,Cisco 7965,SIP,Standard 7965 SIP,0000000000AA\n");
    assert_eq!(found, [Outcome::NoChange], "{text}");
    assert!(text.contains("add phone"), "the steps make sure of it: {text}");
    let (found, text) = outcomes("ADD,Phone,known,Cisco 7942,SIP,,0000000000AA\n");
    assert_eq!(found, [Outcome::Conflict]);
    assert!(text.contains("its Phone Type is Cisco 7965, not Cisco 7942"), "{text}");
    let (found, text) = outcomes("ADD,Phone,lobby,Cisco 7965,SIP,Standard 7965 SIP,0000000000AA\n");
    assert_eq!(found, [Outcome::Conflict]);
    assert!(text.contains("a phone SEP0000000000AA, which is known's, already"), "{text}");
    let (found, text) =
        outcomes("ADD,Phone,known,Cisco 7965,SIP,,0000000000BB\nADD,Phone,known,Cisco 7965,SIP,,0000000000BB\n");
    assert_eq!(found, [Outcome::Create, Outcome::Conflict], "{text}");
    let setting = "Order Type,Product,User ID,Associated PC\nADD,Enable SoftPhone Support,known,pc-1\n";
    let (plan, _) = plan(setting, &facts);
    assert_eq!(plan.rows[0].outcome, Outcome::Change);
}

#[test]
fn what_was_run_is_no_change_the_next_time() {
    let csv = include_str!("../../../../../sample-data/new-hires.csv");
    let mut facts = facts();
    let (first, readings) = plan(csv, &facts);
    insta::assert_snapshot!("new_hires", told(&first, &readings, &facts));
    for order in first.orders {
        facts.inventory.extend(order.order.products.into_iter().map(owned_later));
        facts.subscribers.extend(order.subscriber.map(|mut subscriber| {
            subscriber.present_on.insert("CUCM-SG".to_owned());
            (subscriber.user_id.clone(), subscriber)
        }));
    }
    let (second, readings) = plan(csv, &facts);
    let unchanged = second.rows.iter().all(|row| row.outcome == Outcome::NoChange);
    assert!(unchanged, "{}", told(&second, &readings, &facts));
    assert!(second.orders.iter().all(|order| order.order.products.is_empty() && !order.order.steps.is_empty()));
}

#[test]
fn subscribers_service_areas_and_order_types_are_checked() {
    check(
        ",CHANGE,Phone,known,,,,,,,,,,,,SEP0000000000AA,,,,\n\
         ,ADD,Phone,known,Other,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC01,,,,,,,\n\
         ,ADD,Phone,known,,,Berlin,,,,Cisco 7965,SIP,0011AABBCC02,,,,,,,\n\
         ,ADD,Phone,known,,,,Berlin HQ,,,Cisco 7965,SIP,0011AABBCC03,,,,,,,\n\
         ,ADD,Phone,tony,Tony,Sample,Berlin,,,,Cisco 7965,SIP,0011AABBCC04,,,,,,,\n",
        &[
            "row 2 known Phone: refused",
            "row 3 known Phone: create order 1",
            "row 4 known Phone: refused",
            "row 5 known Phone: refused",
            "row 6 tony Phone: refused",
            "Error row 2 order-type-unplanned: `CHANGE` orders can be checked but not provisioned yet.",
            "Warning row 3 subscriber-names: The subscriber is Known Sample in the record; the order leaves that as it \
             is.",
            "Error row 4 domain-other: The subscriber is in the Domain Singapore.",
            "Error row 5 service-area-unknown: There is no Service Area Berlin HQ.",
            "Error row 6 domain-unknown: There is no Domain Berlin.",
            "order 1 Phone for Known Sample (known)",
        ],
    );
}

#[test]
fn an_unknown_subscriber_is_made_once_and_first() {
    let facts = facts();
    let rows = ",ADD,Phone,tony,Tony,Sample,Singapore,,,,Cisco 7965,SIP,0011AABBCC01,,,,,,,\n\
                ,ADD,Phone,tony,,,,,,,Cisco 7965,SIP,0011AABBCC02,,,,,,,\n";
    let (plan, _) = plan(&format!("{HEADER}\n{rows}"), &facts);
    let titles =
        |order: usize| plan.orders[order].order.steps.iter().map(dialtone_model::Step::title).collect::<Vec<_>>();
    assert_eq!(titles(0)[0], "add user tony");
    assert_eq!(titles(1)[0], "add phone SEP0011AABBCC02");
    assert!(plan.orders[0].subscriber.is_some() && plan.orders[1].subscriber.is_none());
    assert_eq!(plan.orders[1].order.needs, [plan.orders[0].order.id], "without the first order nobody has the login");
}
