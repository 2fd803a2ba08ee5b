use dialtone_model::RunState;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database couldn't be reached or refused the statement.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// There is no such thing, or it is another organization's.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What was looked for, such as `template`.
        what: &'static str,
        /// What it was looked for by.
        id: String,
    },
    /// Somebody changed it since it was read.
    #[error("the {what} was changed meanwhile: look again")]
    Changed {
        /// What was to be changed.
        what: &'static str,
    },
    /// A name that must be unique is taken.
    #[error("there is a {what} named \"{name}\" already")]
    NameTaken {
        /// What was to be made.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Something still needs it.
    #[error("the {what} can't be removed: {by} need it")]
    Needed {
        /// What was to be removed.
        what: &'static str,
        /// What needs it, such as `3 open orders and 12 extensions`.
        by: String,
    },
    /// Licences are short.
    #[error("{missing} {licence} {} short", if *missing == 1 { "licence is" } else { "licences are" })]
    LicencesShort {
        /// The code of the licence.
        licence: String,
        /// How many more would be needed.
        missing: i64,
    },
    /// An extension key, user, number or product is taken: it is there, or another run is to make it.
    #[error("{what} {value} is taken{}", .by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())]
    Taken {
        /// `ext key`, `user`, `number` or `product`.
        what: &'static str,
        /// The value.
        value: String,
        /// Who has it: an extension, the name of a template in progress, or an order.
        by: Option<String>,
    },
    /// The object has an open order.
    #[error("{object} has an open order, number {order_number}")]
    OpenOrder {
        /// The object.
        object: String,
        /// The order that is open.
        order_number: i64,
    },
    /// A worker has the order in hand.
    #[error("order {order_number} is being worked on: wait for its step to end, or abort it")]
    InHand {
        /// The order.
        order_number: i64,
    },
    /// The order can't take that event now.
    #[error(transparent)]
    InvalidTransition(#[from] dialtone_model::InvalidTransition),
    /// The template's status refuses it.
    #[error(transparent)]
    TemplateAction(#[from] dialtone_model::TemplateActionRefused),
    /// The project's status refuses it.
    #[error(transparent)]
    ProjectAction(#[from] dialtone_model::ProjectActionRefused),
    /// The run's state refuses it.
    #[error("the run is {}", .0.label())]
    RunState(RunState),
    /// A row says something that this version can't read.
    #[error("the database is inconsistent: {table}.{column} of {row} holds {value:?}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The key of the row.
        row: String,
        /// What it holds.
        value: String,
    },
    /// The schema isn't this version's.
    #[error("the database's schema is version {found}, this program needs {needed}: {}", if found > needed {
        "a newer Dialtone made it, use that one"
    } else {
        "run `dialtone migrate`"
    })]
    Schema {
        /// The version found.
        found: i64,
        /// The version needed.
        needed: i64,
    },
    /// The installation was made with another number of shards.
    #[error("this installation has {fixed} shards since it was migrated first; it can't have {wanted} now")]
    Shards {
        /// What it was made with.
        fixed: u16,
        /// What was asked for.
        wanted: u16,
    },
    /// Credentials can't be sealed or opened.
    #[error(transparent)]
    Vault(#[from] crate::VaultError),
    /// Credentials are to be kept or read, and the store was opened without a vault.
    #[error("there is no key for the credentials of devices: DIALTONE_KEY_FILE names the file that has it")]
    NoVault,
    /// The migration failed.
    #[error("the database couldn't be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    /// A refused statement, read as what it is when a unique name is taken.
    pub(crate) fn or_name_taken(error: sqlx::Error, what: &'static str, name: &str) -> Self {
        match &error {
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => {
                Self::NameTaken { what, name: name.to_owned() }
            }
            _ => Self::Database(error),
        }
    }

    pub(crate) fn inconsistent(
        table: &'static str,
        column: &'static str,
        row: impl ToString,
        value: impl ToString,
    ) -> Self {
        Self::Inconsistent { table, column, row: row.to_string(), value: value.to_string() }
    }
}
