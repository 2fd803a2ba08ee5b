use dialtone_model::{Complaint, Fault};
use sqlx::error::DatabaseError;

use crate::http::credentials_refused;

/// What an error of the database means for a step whose transaction wasn't committed: it is rolled back, so nothing
/// of it is there. `docs/devices.md` has the table.
pub(super) fn sql_fault(error: &sqlx::Error) -> Fault {
    let not_sent =
        |code: &str, message: String| Fault::NotSent { complaint: Complaint::new(code, message), retry_after: None };
    match error {
        sqlx::Error::Database(error) => refusal(error.as_ref()),
        sqlx::Error::Tls(error) => not_sent("tls-failed", format!("TLS with the device's database failed: {error}")),
        // While it is refused, a connection is tried again until then.
        sqlx::Error::PoolTimedOut => not_sent("timeout", "the device's database gave no connection in time".to_owned()),
        other => not_sent("connection-lost", format!("the connection to the device's database was lost: {other}")),
    }
}

/// What an error of a COMMIT means: it may have had its effect, unless the database says that it was rolled back.
pub(super) fn commit_fault(error: &sqlx::Error) -> Fault {
    match (error, sql_fault(error)) {
        (sqlx::Error::Database(error), fault) if !ends_connection(&sql_state(error.as_ref())) => fault,
        (_, fault) => Fault::Unknown(fault.complaint().clone()),
    }
}

/// PostgreSQL's SQLSTATE, or SQLite's result code.
fn sql_state(error: &dyn DatabaseError) -> String {
    error.code().unwrap_or_default().into_owned()
}

/// Whether the server closes the connection with it.
fn ends_connection(state: &str) -> bool {
    state.starts_with("57P") || state.starts_with("08")
}

fn refusal(error: &dyn DatabaseError) -> Fault {
    let state = sql_state(error);
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return sqlite_refusal(&state, error.message());
    }
    let complaint = Complaint::new(format!("kamailio-{}", state.to_ascii_lowercase()), error.message().to_owned());
    match state.as_str() {
        "28P01" | "28000" => credentials_refused(),
        // A class 22 error is about a value, one of class 23 about what another row has.
        _ if state.starts_with("22") || state.starts_with("23") => Fault::Rejected(complaint),
        // What is missing is missing for every order: the database, a table or a column, the right to write it.
        "3D000" | "42501" | "42P01" | "42703" | "25006" => {
            not_sent(complaint.repair("Correct the device's address and what its account may do, then retry."))
        }
        _ => not_sent(complaint),
    }
}

/// The lowest byte is the primary code, <https://www.sqlite.org/rescode.html>.
fn sqlite_refusal(code: &str, message: &str) -> Fault {
    let complaint = Complaint::new(format!("kamailio-sqlite-{code}"), message.to_owned());
    let repair = "Correct the device's address and who may write its file, then retry.";
    match code.parse::<u32>().map(|code| code & 0xff) {
        // Too big, constraint, mismatch.
        Ok(18..=20) => Fault::Rejected(complaint),
        // Error (no such table), no permission, read-only, can't open, not a database.
        Ok(1 | 3 | 8 | 14 | 26) => not_sent(complaint.repair(repair)),
        _ => not_sent(complaint),
    }
}

fn not_sent(complaint: Complaint) -> Fault {
    Fault::NotSent { complaint, retry_after: None }
}
