use dialtone_model::{
    AddOn, OrganizationId, RowRef, RunId, TemplateAction, TemplateId, TemplateStatus, UploadId, UserId,
};
use jiff::Timestamp;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use crate::bulk::{self, Each, Same};
use crate::columns::{narrow, row_ref, word};
use crate::database::{Tx, execute, on_db, on_tx, pieces, read_row, read_rows, row};
use crate::packed::{packed, read_packed};
use crate::time::Time;
use crate::{Store, StoreError};

/// A bulk-assignment template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRecord {
    /// Its id.
    pub id: TemplateId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// The add-on licences that every user gets, sorted.
    pub add_ons: Vec<AddOn>,
    /// Where it is in its life.
    pub status: TemplateStatus,
    /// How many users it has.
    pub total_users: u32,
    /// Its run, once it was assigned.
    pub run: Option<RunId>,
    /// Raised by every change; a change names the version it saw.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// What a new template starts with.
#[derive(Clone, Debug)]
pub struct NewTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// The add-on licences that every user gets.
    pub add_ons: Vec<AddOn>,
    /// When it is made.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// One user of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateUser {
    /// The row it came from; `None` for one added by hand.
    pub origin: Option<RowRef>,
    /// The ext key.
    pub ext_key: String,
    /// The user.
    pub user: UserId,
    /// The user's name when added.
    pub user_name: String,
    /// The number, without the `+`.
    pub number: Option<String>,
}

const COLUMNS: &str =
    "id, organization_id, name, add_ons, status, total_users, run_id, version, created_at, created_by";

#[derive(sqlx::FromRow)]
struct TemplateRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    add_ons: Json<Vec<AddOn>>,
    status: String,
    total_users: i64,
    run_id: Option<Uuid>,
    version: i64,
    created_at: Time,
    created_by: String,
}

packed! {
    /// A user of a template as its table holds it.
    struct UserRow {
        upload_id: Option<Uuid>,
        row_number: Option<i64>,
        ext_key: String,
        user_id: Uuid,
        user_name: String,
        number: Option<String>,
    }
}

impl Store {
    /// Adds a draft without users.
    pub async fn add_template(&self, new: &NewTemplate) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert(&mut tx, new).await?;
        tx.commit().await
    }

    /// One template.
    pub async fn template(&self, id: TemplateId) -> Result<TemplateRecord, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM templates WHERE id = $1");
        let row: Option<TemplateRow> = read_row!(self, AssertSqlSafe(sql), id.0)?;
        row.ok_or_else(|| StoreError::not_found("template", id))?.try_into()
    }

    /// The templates of a tenant whose name contains `search` (case doesn't matter) or whose id starts with it, the
    /// newest first; all when it is empty.
    pub async fn templates(
        &self,
        organization: OrganizationId,
        search: &str,
    ) -> Result<Vec<TemplateRecord>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM templates WHERE organization_id = $1 ORDER BY created_at DESC, id DESC");
        let rows: Vec<TemplateRow> = read_rows!(self, AssertSqlSafe(sql), organization.0)?;
        // SQLite's lower() knows ASCII alone, so the names are compared here.
        let wanted = search.to_lowercase();
        rows.into_iter()
            .filter(|row| row.name.to_lowercase().contains(&wanted) || row.id.to_string().starts_with(&wanted))
            .map(TemplateRecord::try_from)
            .collect()
    }

    /// Sets name and add-ons of a draft, if its version is still `version`.
    pub async fn edit_template(
        &self,
        id: TemplateId,
        version: i64,
        name: &str,
        add_ons: &[AddOn],
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, TemplateAction::Edit).await?;
        execute!(
            &mut tx,
            "UPDATE templates SET name = $2, add_ons = $3 WHERE id = $1",
            id.0,
            name,
            Json(sorted(add_ons))
        )?;
        tx.commit().await
    }

    /// Adds users to the end of a draft's list and `uploads` to its files, in one transaction, if its version is still
    /// `version`.
    pub async fn add_template_users(
        &self,
        id: TemplateId,
        version: i64,
        uploads: &[UploadId],
        users: &[TemplateUser],
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, TemplateAction::EditUsers).await?;
        add_users(&mut tx, id, uploads, users).await?;
        tx.commit().await
    }

    /// Removes the users with these ext keys from a draft, if its version is still `version`; returns how many.
    pub async fn remove_template_users(
        &self,
        id: TemplateId,
        version: i64,
        ext_keys: &[String],
    ) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, TemplateAction::EditUsers).await?;
        let mut removed = 0;
        for piece in pieces(ext_keys) {
            removed += on_tx!(&mut tx, |connection, Db| {
                let mut query = QueryBuilder::<Db>::new("DELETE FROM template_users WHERE template_id = ");
                query.push_bind(id.0).push(" AND ext_key IN (");
                let mut keys = query.separated(", ");
                for key in piece {
                    keys.push_bind(key);
                }
                query.push(")").build().execute(connection).await?.rows_affected()
            });
        }
        count_users(&mut tx, id).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// The users of a template, in order.
    pub async fn template_users(&self, id: TemplateId) -> Result<Vec<TemplateUser>, StoreError> {
        let sql = "SELECT upload_id, row_number, ext_key, user_id, user_name, number FROM template_users \
                   WHERE template_id = $1 ORDER BY position";
        let rows = read_packed!(self, UserRow, sql, id.0)?;
        rows.into_iter()
            .map(|row| {
                Ok(TemplateUser {
                    origin: row_ref(row.upload_id, row.row_number, "template_users", id)?,
                    ext_key: row.ext_key,
                    user: row.user_id.into(),
                    user_name: row.user_name,
                    number: row.number,
                })
            })
            .collect()
    }

    /// The files of a template, in upload order.
    pub async fn template_uploads(&self, id: TemplateId) -> Result<Vec<UploadId>, StoreError> {
        let sql = "SELECT upload_id FROM template_uploads WHERE template_id = $1 ORDER BY position";
        let ids: Vec<Uuid> = on_db!(self, |db| sqlx::query_scalar(sql).bind(id.0).fetch_all(db).await?);
        Ok(ids.into_iter().map(UploadId).collect())
    }

    /// Makes `new` with the users and files of `from`, whatever the status of `from`; in one transaction.
    pub async fn duplicate_template(&self, from: TemplateId, new: &NewTemplate) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert(&mut tx, new).await?;
        for sql in [
            "INSERT INTO template_uploads (template_id, position, upload_id) \
             SELECT $1, position, upload_id FROM template_uploads WHERE template_id = $2",
            "INSERT INTO template_users \
             (template_id, position, upload_id, row_number, ext_key, user_id, user_name, number) \
             SELECT $1, position, upload_id, row_number, ext_key, user_id, user_name, number \
             FROM template_users WHERE template_id = $2",
        ] {
            execute!(&mut tx, sql, new.id.0, from.0)?;
        }
        count_users(&mut tx, new.id).await?;
        tx.commit().await
    }

    /// Removes a draft, if its version is still `version`. Its uploads stay.
    pub async fn delete_template(&self, id: TemplateId, version: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, TemplateAction::Delete).await?;
        for sql in [
            "DELETE FROM template_users WHERE template_id = $1",
            "DELETE FROM template_uploads WHERE template_id = $1",
            "DELETE FROM templates WHERE id = $1",
        ] {
            execute!(&mut tx, sql, id.0)?;
        }
        tx.commit().await
    }
}

/// Raises the version of a template, if its status allows `action` and its version is still `version`.
pub(crate) async fn change(
    tx: &mut Tx,
    id: TemplateId,
    version: i64,
    action: TemplateAction,
) -> Result<(), StoreError> {
    let sql = "UPDATE templates SET version = version + 1 WHERE id = $1 RETURNING status, version";
    let row: Option<(String, i64)> = row!(tx, sql, id.0)?;
    let (status, now) = row.ok_or_else(|| StoreError::not_found("template", id))?;
    word(&status, TemplateStatus::from_word, "templates", "status", id)?.allow(action)?;
    if now == version + 1 { Ok(()) } else { Err(StoreError::Changed { what: "template" }) }
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewTemplate) -> Result<(), StoreError> {
    let sql = "INSERT INTO templates \
               (id, organization_id, name, add_ons, status, total_users, version, created_at, created_by) \
               VALUES ($1, $2, $3, $4, 'draft', 0, 1, $5, $6)";
    execute!(tx, sql, new.id.0, new.organization.0, &new.name, Json(sorted(&new.add_ons)), Time(new.at), &new.by)?;
    Ok(())
}

/// Adds users to the end of a template's list and `uploads` to its files.
pub(crate) async fn add_users(
    tx: &mut Tx,
    id: TemplateId,
    uploads: &[UploadId],
    users: &[TemplateUser],
) -> Result<(), StoreError> {
    for upload in uploads {
        let sql = "INSERT INTO template_uploads (template_id, position, upload_id) \
                   SELECT $1, coalesce(max(position), 0) + 1, $2 FROM template_uploads WHERE template_id = $1";
        execute!(tx, sql, id.0, upload.0)?;
    }
    let sql = "SELECT coalesce(max(position), 0) FROM template_users WHERE template_id = $1";
    let last: i64 = on_tx!(tx, |connection| sqlx::query_scalar(sql).bind(id.0).fetch_one(connection).await?);
    let numbered: Vec<(i64, &TemplateUser)> = (last + 1..).zip(users).collect();
    let upload = |user: &TemplateUser| user.origin.map(|origin| origin.upload);
    for of_upload in numbered.chunk_by(|(_, one), (_, next)| upload(one) == upload(next)) {
        let upload = of_upload.first().and_then(|(_, user)| upload(user));
        insert_users(tx, id, upload, of_upload).await?;
    }
    count_users(tx, id).await
}

async fn insert_users(
    tx: &mut Tx,
    template: TemplateId,
    upload: Option<UploadId>,
    users: &[(i64, &TemplateUser)],
) -> Result<(), StoreError> {
    let each = [
        ("position", Each::Numbers(users.iter().map(|(position, _)| Some(*position)).collect())),
        (
            "row_number",
            Each::Numbers(users.iter().map(|(_, user)| user.origin.map(|from| i64::from(from.row))).collect()),
        ),
        ("ext_key", Each::Texts(users.iter().map(|(_, user)| Some(&*user.ext_key)).collect())),
        ("user_id", Each::Ids(users.iter().map(|(_, user)| Some(user.user.0)).collect())),
        ("user_name", Each::Texts(users.iter().map(|(_, user)| Some(&*user.user_name)).collect())),
        ("number", Each::Texts(users.iter().map(|(_, user)| user.number.as_deref()).collect())),
    ];
    let same = [("template_id", Same::Id(Some(template.0))), ("upload_id", Same::Id(upload.map(|upload| upload.0)))];
    bulk::insert(tx, "template_users", &each, &same, "").await.map(drop)
}

async fn count_users(tx: &mut Tx, id: TemplateId) -> Result<(), StoreError> {
    let sql = "UPDATE templates SET total_users = \
               (SELECT count(*) FROM template_users u WHERE u.template_id = templates.id) WHERE id = $1";
    execute!(tx, sql, id.0)?;
    Ok(())
}

fn sorted(add_ons: &[AddOn]) -> Vec<AddOn> {
    let mut add_ons = add_ons.to_vec();
    add_ons.sort();
    add_ons
}

impl TryFrom<TemplateRow> for TemplateRecord {
    type Error = StoreError;

    fn try_from(row: TemplateRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            name: row.name,
            add_ons: row.add_ons.0,
            status: word(&row.status, TemplateStatus::from_word, "templates", "status", row.id)?,
            total_users: narrow(row.total_users, "templates", "total_users", row.id)?,
            run: row.run_id.map(RunId),
            version: row.version,
            created_at: row.created_at.0,
            created_by: row.created_by,
        })
    }
}
