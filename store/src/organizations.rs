use std::collections::HashMap;

use dialtone_model::{Licence, LicenceCount, Organization, OrganizationId, Profile, User, UserId};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{execute, on_tx, pieces, read_row, read_rows};
use crate::packed::{packed, read_packed};
use crate::time::Time;
use crate::{Store, StoreError};

/// A tenant with its directory, as an import brings it.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// The tenant.
    pub organization: Organization,
    /// When it is made.
    pub at: Timestamp,
}

/// What is taken in an organization: by extensions, and by orders that are being worked on.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// Extension keys, with the name of the template in progress that claims each, if it isn't an extension yet.
    pub ext_keys: HashMap<String, Option<String>>,
    /// Users, with what they have.
    pub users: HashMap<UserId, Owned>,
    /// Numbers likewise.
    pub numbers: HashMap<String, Option<String>>,
}

#[derive(sqlx::FromRow)]
struct OrganizationRow {
    id: Uuid,
    name: String,
    profile: String,
}

#[derive(sqlx::FromRow)]
struct LicenceRow {
    code: String,
    name: String,
    owned: i64,
    free: i64,
    reserved: i64,
    used: i64,
}

/// The extension that a user owns or will own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    /// Its key; `None` while a change takes the user away from it.
    pub ext_key: Option<String>,
    /// The name of the template in progress that claims the user, if it isn't an extension yet.
    pub template: Option<String>,
}

packed! {
    /// What an extension takes.
    struct ClaimedRow {
        key: String,
        user_id: Option<Uuid>,
        number: Option<String>,
        claimed_by: Option<String>,
    }
}

packed! {
    /// A user.
    struct UserRow {
        id: Uuid,
        name: String,
    }
}

packed! {
    /// A number.
    struct NumberRow {
        number: String,
    }
}

impl Store {
    /// Adds a tenant without users, numbers and licences.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] when another one has the name.
    pub async fn add_organization(&self, new: &NewOrganization) -> Result<(), StoreError> {
        let Organization { id, name, profile } = &new.organization;
        let sql = "INSERT INTO organizations (id, name, profile, created_at) VALUES ($1, $2, $3, $4)";
        let mut tx = self.database.begin().await?;
        execute!(&mut tx, sql, id.0, name, profile.word(), Time(new.at))
            .map_err(|error| StoreError::or_name_taken(error, "organization", name))?;
        tx.commit().await
    }

    /// All tenants, by name.
    pub async fn organizations(&self) -> Result<Vec<Organization>, StoreError> {
        let sql = "SELECT id, name, profile FROM organizations ORDER BY name";
        let rows: Vec<OrganizationRow> = read_rows!(self, sql)?;
        rows.into_iter().map(Organization::try_from).collect()
    }

    /// One tenant by its id.
    pub async fn organization(&self, id: OrganizationId) -> Result<Organization, StoreError> {
        let sql = "SELECT id, name, profile FROM organizations WHERE id = $1";
        let row: Option<OrganizationRow> = read_row!(self, sql, id.0)?;
        row.ok_or_else(|| StoreError::not_found("organization", id))?.try_into()
    }

    /// Adds users, and sets the names of those whose ids are there already; in one transaction, some hundreds of rows
    /// a statement.
    pub async fn put_users(&self, organization: OrganizationId, users: &[User]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for piece in pieces(users) {
            on_tx!(&mut tx, |connection, Db| {
                QueryBuilder::<Db>::new("INSERT INTO users (organization_id, id, name) ")
                    .push_values(piece, |mut row, user| {
                        row.push_bind(organization.0).push_bind(user.id.0).push_bind(&user.name);
                    })
                    .push(" ON CONFLICT (organization_id, id) DO UPDATE SET name = excluded.name")
                    .build()
                    .execute(connection)
                    .await
                    .map(drop)
            })?;
        }
        tx.commit().await
    }

    /// Adds numbers that the organization owns; those it has already stay.
    pub async fn put_numbers(&self, organization: OrganizationId, numbers: &[String]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for piece in pieces(numbers) {
            on_tx!(&mut tx, |connection, Db| {
                QueryBuilder::<Db>::new("INSERT INTO numbers (organization_id, number) ")
                    .push_values(piece, |mut row, number| {
                        row.push_bind(organization.0).push_bind(number);
                    })
                    .push(" ON CONFLICT (organization_id, number) DO NOTHING")
                    .build()
                    .execute(connection)
                    .await
                    .map(drop)
            })?;
        }
        tx.commit().await
    }

    /// Sets how many of each licence are owned; refused with [`StoreError::LicencesShort`] where that is less than
    /// what is reserved and used. `free`, `reserved` and `used` of the argument don't matter.
    pub async fn put_licences(
        &self,
        organization: OrganizationId,
        licences: &[LicenceCount],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO licences (organization_id, code, name, owned, free, reserved, used) \
                   VALUES ($1, $2, $3, $4, $4, 0, 0) ON CONFLICT (organization_id, code) DO UPDATE \
                   SET name = excluded.name, owned = excluded.owned, \
                   free = excluded.owned - licences.reserved - licences.used \
                   WHERE excluded.owned >= licences.reserved + licences.used";
        let mut tx = self.database.begin().await?;
        for count in licences {
            let changed = execute!(&mut tx, sql, organization.0, count.licence.code(), &count.name, count.owned)?;
            if changed == 0 {
                let sql = "SELECT reserved + used FROM licences WHERE organization_id = $1 AND code = $2";
                let taken: i64 = on_tx!(&mut tx, |connection| {
                    sqlx::query_scalar(sql)
                        .bind(organization.0)
                        .bind(count.licence.code())
                        .fetch_one(connection)
                        .await?
                });
                return Err(StoreError::LicencesShort {
                    licence: count.licence.code().to_owned(),
                    missing: taken - count.owned,
                });
            }
        }
        tx.commit().await
    }

    /// All users of a tenant, by id.
    pub async fn users(&self, organization: OrganizationId) -> Result<Vec<User>, StoreError> {
        let sql = "SELECT id, name FROM users WHERE organization_id = $1 ORDER BY id";
        let rows = read_packed!(self, UserRow, sql, organization.0)?;
        Ok(rows.into_iter().map(|row| User { id: row.id.into(), name: row.name }).collect())
    }

    /// All numbers that a tenant owns, sorted.
    pub async fn numbers(&self, organization: OrganizationId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT number FROM numbers WHERE organization_id = $1 ORDER BY number";
        let rows = read_packed!(self, NumberRow, sql, organization.0)?;
        Ok(rows.into_iter().map(|row| row.number).collect())
    }

    /// The numbers that no extension has or claims, sorted.
    pub async fn available_numbers(&self, organization: OrganizationId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT n.number FROM numbers n WHERE n.organization_id = $1 AND NOT EXISTS ( \
                   SELECT 1 FROM extensions e WHERE e.organization_id = $1 AND e.number = n.number) \
                   AND NOT EXISTS ( \
                   SELECT 1 FROM held_values h WHERE h.organization_id = $1 AND h.kind = 'number' \
                   AND h.value = n.number) ORDER BY n.number";
        let rows = read_packed!(self, NumberRow, sql, organization.0)?;
        Ok(rows.into_iter().map(|row| row.number).collect())
    }

    /// The licences of a tenant, the base licence first, then by code.
    pub async fn licences(&self, organization: OrganizationId) -> Result<Vec<LicenceCount>, StoreError> {
        let sql = "SELECT code, name, owned, free, reserved, used FROM licences \
                   WHERE organization_id = $1 ORDER BY (code <> $2), code";
        let rows: Vec<LicenceRow> = read_rows!(self, sql, organization.0, Licence::BASE)?;
        Ok(rows
            .into_iter()
            .map(|row| LicenceCount {
                licence: row.code.into(),
                name: row.name,
                owned: row.owned,
                free: row.free,
                reserved: row.reserved,
                used: row.used,
            })
            .collect())
    }

    /// What is taken.
    pub async fn claimed(&self, organization: OrganizationId) -> Result<Claimed, StoreError> {
        let sql = "SELECT e.key, e.user_id, e.number, \
                   CASE WHEN e.state = 'claimed' THEN t.name END AS claimed_by \
                   FROM extensions e LEFT JOIN templates t ON t.id = e.template_id \
                   WHERE e.organization_id = $1";
        let rows = read_packed!(self, ClaimedRow, sql, organization.0)?;
        let mut claimed = Claimed::default();
        for ClaimedRow { key, user_id, number, claimed_by: by } in rows {
            if let Some(user) = user_id {
                claimed.users.insert(user.into(), Owned { ext_key: Some(key.clone()), template: by.clone() });
            }
            if let Some(number) = number {
                claimed.numbers.insert(number, by.clone());
            }
            claimed.ext_keys.insert(key, by);
        }
        let sql = "SELECT kind, value FROM held_values WHERE organization_id = $1";
        let held: Vec<(String, String)> = read_rows!(self, sql, organization.0)?;
        for (kind, value) in held {
            match kind.as_str() {
                "ext key" => {
                    claimed.ext_keys.entry(value).or_default();
                }
                "number" => {
                    claimed.numbers.entry(value).or_default();
                }
                _ => {
                    let user: UserId = value
                        .parse()
                        .map_err(|_| StoreError::inconsistent("held_values", "value", organization, &value))?;
                    claimed.users.entry(user).or_default();
                }
            }
        }
        Ok(claimed)
    }
}

impl TryFrom<OrganizationRow> for Organization {
    type Error = StoreError;

    fn try_from(row: OrganizationRow) -> Result<Self, StoreError> {
        let profile = word(&row.profile, Profile::from_word, "organizations", "profile", row.id)?;
        Ok(Self { id: row.id.into(), name: row.name, profile })
    }
}
