use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

/// What of a run doesn't depend on the device that it drove: without ids, times and the device itself.
#[derive(PartialEq, Eq)]
pub(crate) struct Outcome {
    orders: Vec<String>,
    claims: Vec<String>,
    events: Vec<String>,
    licences: Vec<String>,
    report: Vec<String>,
}

const ORDERS: &str = "SELECT json_array(number, row_number, subject, order_type, product, origin, object, \
                      (SELECT json_group_array(json_remove(value, '$.device')) FROM json_each(steps)), state, \
                      extended, step, attempts, unknown, starts, tries, version, claim, reservation, code, message) \
                      FROM orders ORDER BY number";
const CLAIMS: &str = "SELECT json_array(e.key, e.directory_name, hex(e.user_id), e.number, e.add_ons, e.state, \
                      o.number) FROM extensions e LEFT JOIN orders o ON o.id = e.order_id ORDER BY e.key";
const EVENTS: &str = "SELECT json_array(o.number, e.version, e.kind, e.step, e.state, e.extended, e.code, e.message) \
                      FROM order_events e JOIN orders o ON o.id = e.order_id ORDER BY o.number, e.version";
const LICENCES: &str = "SELECT json_array(code, owned, free, reserved, used) FROM licences ORDER BY code";

impl Outcome {
    /// What the only run of a data folder came to, by its database and its report.
    pub(crate) fn of(data: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(data.join("dialtone.db"));
            let database = SqlitePool::connect_with(options).await.expect("the database");
            let texts = async |sql: &'static str| -> Vec<String> {
                sqlx::query_scalar(sql).fetch_all(&database).await.expect("rows")
            };
            Self {
                orders: texts(ORDERS).await,
                claims: texts(CLAIMS).await,
                events: texts(EVENTS).await,
                licences: texts(LICENCES).await,
                report: report_lines(data),
            }
        })
    }

    /// Asserts that another device led to the same, and that it is about `rows` rows.
    pub(crate) fn assert_same(&self, other: &Self, rows: u32) {
        let rows = rows as usize;
        let counts = [self.orders.len(), self.claims.len(), self.events.len(), self.report.len()];
        assert_eq!(counts, [rows, rows, 2 * rows, rows], "orders, claims, events, report lines");
        let mut lists = [
            (&self.orders, &other.orders),
            (&self.claims, &other.claims),
            (&self.events, &other.events),
            (&self.licences, &other.licences),
            (&self.report, &other.report),
        ]
        .into_iter();
        if let Some((one, another)) = lists.find(|(one, another)| one != another) {
            let difference = one.iter().zip(another).find(|(one, another)| one != another);
            panic!("the devices led to different outcomes: {difference:?}, {} and {}", one.len(), another.len());
        }
    }
}

/// The lines about rows, without the times.
fn report_lines(data: &Path) -> Vec<String> {
    let reports = std::fs::read_dir(data.join("reports")).expect("the reports");
    let path = reports.map(|entry| entry.expect("a report").path()).next().expect("a report");
    let mut reader = csv::Reader::from_path(path).expect("the report");
    let header = reader.headers().expect("a header").clone();
    let column = |label: &str| header.iter().position(|cell| cell == label).expect("a column");
    let (outcome, times) = (column("Dialtone Outcome"), [column("Dialtone Started"), column("Dialtone Ended")]);
    reader
        .records()
        .map(|record| record.expect("a line"))
        .filter(|record| !record[outcome].is_empty())
        .map(|record| {
            let cells = record.iter().enumerate().filter(|(index, _)| !times.contains(index));
            cells.map(|(_, cell)| cell).collect::<Vec<_>>().join(",")
        })
        .collect()
}
