use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dialtone_drivers::{Call, Driver, Look, Ran, for_device};
use dialtone_model::{
    Action, AddOn, Device, DeviceId, DeviceKind, DeviceLimits, Extension, Fault, OrderId, OrganizationId, SecretString,
    Step, Tls, UserId,
};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::proxy::Proxy;
use crate::registrar::Registrar;

/// Which database a Kamailio reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

pub(crate) const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A database with Kamailio's tables, and a registrar. Each test, and within it each world, has a domain of its own.
pub(crate) struct Bed {
    pub(crate) engine: Engine,
    pub(crate) registrar: Registrar,
    pub(crate) proxy: Option<Proxy>,
    /// Where tests look themselves.
    url: String,
    _folder: TempDir,
}

/// One domain of a bed, with a driver that serves it.
pub(crate) struct World<'b> {
    pub(crate) bed: &'b Bed,
    pub(crate) domain: String,
    pub(crate) driver: Arc<dyn Driver>,
}

/// The tables, as far as accounts need them.
const TABLES: &str = "
    CREATE TABLE version (table_name VARCHAR(32) NOT NULL UNIQUE, table_version INTEGER NOT NULL DEFAULT 0);
    INSERT INTO version VALUES ('subscriber', 7), ('dbaliases', 1), ('usr_preferences', 2);
    CREATE TABLE subscriber (id SERIAL PRIMARY KEY, username VARCHAR(64) NOT NULL DEFAULT '',
        domain VARCHAR(64) NOT NULL DEFAULT '', password VARCHAR(64) NOT NULL DEFAULT '',
        ha1 VARCHAR(128) NOT NULL DEFAULT '', ha1b VARCHAR(128) NOT NULL DEFAULT '', UNIQUE (username, domain));
    CREATE TABLE dbaliases (id SERIAL PRIMARY KEY, alias_username VARCHAR(64) NOT NULL DEFAULT '',
        alias_domain VARCHAR(64) NOT NULL DEFAULT '', username VARCHAR(64) NOT NULL DEFAULT '',
        domain VARCHAR(64) NOT NULL DEFAULT '');
    CREATE TABLE usr_preferences (id SERIAL PRIMARY KEY, uuid VARCHAR(64) NOT NULL DEFAULT '',
        username VARCHAR(255) NOT NULL DEFAULT '0', domain VARCHAR(64) NOT NULL DEFAULT '',
        attribute VARCHAR(32) NOT NULL DEFAULT '', type INTEGER NOT NULL DEFAULT 0,
        value VARCHAR(128) NOT NULL DEFAULT '', last_modified TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:01')";

impl Bed {
    pub(crate) async fn new(engine: Engine) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().unwrap();
        let (url, proxy) = match engine {
            Engine::Sqlite => {
                let url = format!("sqlite://{}", folder.path().join("kamailio.sqlite").display());
                let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
                let tables = TABLES.replace("SERIAL", "INTEGER");
                sqlx::raw_sql(sqlx::AssertSqlSafe(tables)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                (url, None)
            }
            Engine::Postgres => {
                let server = std::env::var("DIALTONE_TEST_POSTGRES_URL")
                    .expect("DIALTONE_TEST_POSTGRES_URL names the PostgreSQL of tests/services.sh");
                let name = format!("kamailio_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
                let mut connection = PgConnection::connect(&server).await.unwrap();
                for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
                }
                let (server, _) = server.rsplit_once('/').unwrap();
                let url = format!("{server}/{name}");
                let mut connection = PgConnection::connect(&url).await.unwrap();
                sqlx::raw_sql(TABLES).execute(&mut connection).await.unwrap();
                let host = server.rsplit_once('@').unwrap().1.to_owned();
                (url, Some(Proxy::start(host).await))
            }
        };
        Self { engine, registrar: Registrar::start().await, proxy, url, _folder: folder }
    }

    /// The device's row.
    pub(crate) fn device(&self, domain: &str) -> Device {
        let address = match &self.proxy {
            None => self.url.clone(),
            Some(proxy) => {
                let (name, _) = self.url.split_once("://").unwrap().1.split_once('@').unwrap();
                let database = self.url.rsplit_once('/').unwrap().1;
                format!("postgres://{name}@{}/{database}?sslmode=disable", proxy.address)
            }
        };
        Device {
            id: DeviceId(Uuid::from_u128(1)),
            organization: OrganizationId(Uuid::from_u128(1)),
            name: "Kamailio".to_owned(),
            kind: DeviceKind::Kamailio,
            address,
            version: None,
            login: String::new(),
            password: String::new(),
            secrets: BTreeMap::new(),
            tls: Tls::System,
            limits: DeviceLimits::default(),
            settings: BTreeMap::from([
                ("domain".to_owned(), domain.to_owned()),
                ("rpc".to_owned(), format!("http://{}/RPC", self.registrar.address)),
                ("passwords".to_owned(), "both".to_owned()),
            ]),
        }
    }

    pub(crate) fn world(&self, domain: &str) -> World<'_> {
        World { bed: self, domain: domain.to_owned(), driver: for_device(&self.device(domain)).unwrap() }
    }

    /// Runs statements past the driver.
    pub(crate) async fn sql(&self, sql: &str) {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match self.engine {
            Engine::Sqlite => {
                sql.execute(&mut SqliteConnection::connect(&self.url).await.unwrap()).await.unwrap();
            }
            Engine::Postgres => {
                sql.execute(&mut PgConnection::connect(&self.url).await.unwrap()).await.unwrap();
            }
        }
    }

    /// Somebody's transaction that keeps everybody else from the accounts, until it is dropped.
    pub(crate) async fn hold_lock(&self) -> Box<dyn std::any::Any> {
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
                Box::new(connection)
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                let sql = "BEGIN; LOCK TABLE subscriber IN ACCESS EXCLUSIVE MODE";
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                Box::new(connection)
            }
        }
    }

    /// Lines of a query past the driver.
    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
        }
    }
}

impl World<'_> {
    pub(crate) async fn run(&self, action: &Action) -> Result<Ran, Fault> {
        let (step, secret) = (step(action), secret(action));
        self.driver.run(call(&step, secret.as_ref())).await
    }

    pub(crate) async fn look(&self, action: &Action) -> Result<Look, Fault> {
        let (step, secret) = (step(action), secret(action));
        self.driver.look(call(&step, secret.as_ref())).await
    }

    pub(crate) async fn undo(&self, action: &Action) -> Result<(), Fault> {
        let (step, secret) = (step(action), secret(action));
        self.driver.undo(call(&step, secret.as_ref())).await
    }

    /// Runs an action that must succeed.
    pub(crate) async fn done(&self, action: &Action) {
        let ran = self.run(action).await.unwrap();
        assert!(matches!(ran, Ran::Done(_)), "{action:?}");
    }

    /// What the engine does with a step until its outcome is known: run, and look whenever it can't be told.
    pub(crate) async fn settle(&self, action: &Action) -> Look {
        for _ in 0..5 {
            match self.run(action).await {
                Ok(Ran::Done(done)) => return Look::Equal(done),
                Ok(Ran::AlreadyThere) | Err(Fault::Unknown(_)) => match self.look(action).await.unwrap() {
                    Look::Absent => {}
                    known => return known,
                },
                Err(Fault::NotSent { .. } | Fault::Busy { .. }) => {}
                Err(Fault::Rejected(complaint)) => panic!("{complaint}"),
            }
        }
        panic!("{action:?} did not settle");
    }

    pub(crate) fn register(&self, key: &str) {
        self.bed.registrar.register(&format!("{key}@{}", self.domain));
    }

    /// Everything of the domain, but its name and the rows' ids.
    pub(crate) async fn state(&self) -> Vec<String> {
        let domain = &self.domain;
        let sql = format!(
            "SELECT 'account ' || username || ' ' || password || ' ' || ha1 || ' ' || ha1b FROM subscriber \
             WHERE domain = '{domain}' \
             UNION ALL SELECT 'alias ' || alias_username || ' ' || username FROM dbaliases WHERE domain = '{domain}' \
             UNION ALL SELECT 'preference ' || username || ' ' || attribute || ' ' || value FROM usr_preferences \
             WHERE domain = '{domain}' AND type = 0"
        );
        let mut lines = self.bed.lines(&sql).await;
        let suffix = format!("@{domain}");
        let registered = self.bed.registrar.registered();
        lines.extend(
            registered.iter().filter_map(|address| Some(format!("registered {}", address.strip_suffix(&suffix)?))),
        );
        lines.sort_unstable();
        lines
    }
}

pub(crate) fn extension(key: &str, user: u128) -> Extension {
    Extension {
        key: key.to_owned(),
        directory_name: format!("User {user}"),
        user: Some(UserId(Uuid::from_u128(user))),
        number: Some(format!("4420{user:08}")),
        add_ons: vec![AddOn("call-recording".to_owned())],
    }
}

pub(crate) fn provision(key: &str, user: u128) -> Action {
    Action::ProvisionExtension(extension(key, user))
}

pub(crate) fn change(from: &str, to: Extension) -> Action {
    Action::ChangeExtension { from: from.to_owned(), to }
}

pub(crate) fn renew(key: &str) -> Action {
    Action::RenewExtensionPassword { key: key.to_owned() }
}

pub(crate) fn delete(key: &str) -> Action {
    Action::DeleteExtension { key: key.to_owned() }
}

fn step(action: &Action) -> Step {
    Step { device: DeviceId(Uuid::from_u128(1)), action: action.clone() }
}

/// What the store would hand out for the step: a new password where the key or the user is a new one.
pub(crate) fn secret(action: &Action) -> Option<SecretString> {
    match action {
        Action::ProvisionExtension(_) => Some("first password".into()),
        Action::ChangeExtension { from, to } if *from != to.key || to.user != extension(from, 1).user => {
            Some("second password".into())
        }
        Action::RenewExtensionPassword { .. } => Some("third password".into()),
        _ => None,
    }
}

fn call<'a>(step: &'a Step, secret: Option<&'a SecretString>) -> Call<'a> {
    Call { order: OrderId(Uuid::from_u128(7)), index: 0, step, secret, timeout: Duration::from_secs(10) }
}
