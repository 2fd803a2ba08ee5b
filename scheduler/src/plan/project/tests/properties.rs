use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use proptest::prelude::*;

use super::bed::{plan, told, with_phone};

/// A row of some user: a phone, a bundle, a line of an earlier row's phone, a shared line, or nonsense.
fn row() -> impl Strategy<Value = String> {
    let user = prop_oneof![Just("known"), Just("tony"), Just("jane"), Just("lobby"), Just("nobody")];
    let row_id = prop_oneof![Just(""), Just("1"), Just("2")];
    let product = prop_oneof![
        Just("Phone"),
        Just("Line"),
        Just("Phone Service"),
        Just("Enhanced Phone Service"),
        Just("Line on a Shared Phone"),
        Just("Voicemail"),
        Just("Enable Mobility Support"),
        Just("Unicorn"),
    ];
    let line_type = prop_oneof![Just("Auto-assigned"), Just("Chosen"), Just("")];
    (row_id, product, user, 0..6_u8, 0..6_u8, line_type, 4099..4104_u16).prop_map(
        |(row_id, product, user, mac, selected, line_type, number)| {
            let names = if user == "nobody" { ",," } else { "Some,Sample,Singapore" };
            format!(
                "{row_id},ADD,{product},{user},{names},Cisco 7965,SIP,0000000000A{mac},{line_type},{number},\
                 SEP0000000000A{selected},SEP0000000000A{selected},{number},{user}{mac},Sample"
            )
        },
    )
}

const HEADER: &str = "Row Id,Order Type,Product,User ID,First Name,Last Name,Domain,Phone Type,Protocol,MAC Address,\
                      Line Type,Directory Number,Selected Phone,Target Phone,Selected Line,Voicemail Alias,\
                      Voicemail Display Name";

proptest! {
    #[test]
    fn any_mix_of_rows_plans_the_same_each_time_and_loses_no_row(rows in prop::collection::vec(row(), 1..25)) {
        let mut csv = HEADER.to_owned();
        rows.iter().for_each(|row| write!(csv, "\n{row}").unwrap());
        let facts = with_phone();
        let (first, readings) = plan(&csv, &facts);
        let (second, _) = plan(&csv, &facts);
        prop_assert_eq!(told(&first, &readings, &facts), told(&second, &readings, &facts));

        // I1: an accepted row is in exactly one order, and a refused one in none and with a finding.
        let mut in_orders: HashMap<u32, usize> = HashMap::new();
        for (index, order) in first.orders.iter().enumerate() {
            prop_assert!(!order.order.steps.is_empty());
            for row in &order.rows {
                prop_assert_eq!(in_orders.insert(row.row, index), None);
            }
        }
        prop_assert_eq!(first.rows.len(), rows.len());
        let errors: HashSet<u32> = first.problems.iter().filter(|one| one.is_error()).filter_map(|one| one.row).collect();
        for row in &first.rows {
            prop_assert_eq!(in_orders.get(&row.row).copied(), row.order);
            prop_assert_eq!(row.order.is_none(), errors.contains(&row.row), "row {}", row.row);
        }

        // I7: the orders of one user are in one chain, in the order of their rows, and need nothing that comes later.
        let place: HashMap<_, _> = first.orders.iter().enumerate().map(|(index, order)| (order.order.id, index)).collect();
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (index, order) in first.orders.iter().enumerate() {
            let mut earlier = HashSet::new();
            let mut at = index;
            while let Some(before) = first.orders[at].order.blocked_by {
                at = place[&before];
                prop_assert!(at < index);
                earlier.insert(at);
            }
            if let Some(before) = last.insert(&order.order.subject, index) {
                prop_assert!(earlier.contains(&before), "order {} doesn't wait for order {}", index, before);
            }
        }

        // No object is made twice, and no position or number on a phone is given twice.
        let objects: Vec<&str> = first.orders.iter().flat_map(|order| &order.order.products).map(|one| one.key.as_str()).collect();
        prop_assert_eq!(objects.iter().collect::<HashSet<_>>().len(), objects.len());
        let mut positions = HashSet::new();
        for line in first.orders.iter().flat_map(|order| &order.order.products).filter(|one| one.key.starts_with("line/")) {
            prop_assert!(positions.insert((&line.attributes["carrier"], &line.attributes["Line Position"])));
        }
    }
}
