use bytes::Bytes;
use hyper::{Request, StatusCode};
use uuid::Uuid;

use super::credentials::Credential;
use super::directory::MOST;
use super::format::{Format, created};
use super::kinds::{ACCOUNT, CREDENTIAL, IMPORT, Kind, SERVICE, TEMPLATE, USER, VERSION};
use super::query::Parameters;
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, text};
use crate::fault::{Faults, Rights};
use crate::server::{Answer, bare};

/// What the device says of its version.
const PRODUCT: [(&str, &str); 2] = [("name", "vmrest"), ("version", "12.5.1.11900-57")];

/// A request, and what it is asked of.
pub(super) struct Task<'a> {
    pub(super) request: &'a Request<Bytes>,
    pub(super) format: Format,
    pub(super) resources: &'a Resources,
    pub(super) faults: &'a Faults,
    pub(super) rights: Rights,
    /// The aliases that the LDAP directory has.
    pub(super) directory: &'a [String],
    pub(super) new_id: Uuid,
}

/// What the body of a request to a path is of.
pub(super) fn kind_of(path: &[&str]) -> &'static Kind {
    match path {
        ["usertemplates", ..] => &TEMPLATE,
        ["externalservices", ..] => &SERVICE,
        ["import", ..] => &IMPORT,
        ["users", _, "externalserviceaccounts", ..] => &ACCOUNT,
        ["users", _, "credential", ..] => &CREDENTIAL,
        _ => &USER,
    }
}

impl Task<'_> {
    pub(super) fn carry_out(&self, path: &[&str]) -> Result<(Answer, Changes), Refusal> {
        let method = self.request.method().as_str();
        if self.rights == Rights::None || (self.rights == Rights::Read && method != "GET") {
            return Err(Refusal::forbidden());
        }
        if !Format::is_acceptable(self.request.headers()) {
            return Err(Refusal::not_acceptable());
        }
        if method == "GET" {
            return Ok((self.read(path)?, Changes::new()));
        }
        let resources = self.resources;
        let id = self.new_id.to_string();
        let given = || Format::read(self.request.headers(), self.request.body(), kind_of(path));
        let done = |changes: Changes| Ok((bare(StatusCode::NO_CONTENT), resources.differing(changes)));
        match (method, path) {
            ("POST", ["users"]) => {
                let changes = resources.add_user(&id, self.parameters()?.get("templateAlias"), given()?)?;
                Ok((created(&format!("/vmrest/users/{id}")), changes))
            }
            ("PUT", ["users", user]) => done(resources.set_user(user, given()?)?),
            ("DELETE", ["users", user]) => done(resources.remove_user(user)?),
            ("POST", ["import", "users", "ldap"]) => {
                let parameters = self.parameters()?;
                let template = parameters.get("templateAlias");
                let changes = resources.import(self.directory, &id, template, &given()?)?;
                Ok((created(&format!("/vmrest/users/{id}")), changes))
            }
            ("PUT", ["users", user, "credential", which]) => {
                done(resources.set_credential(user, Credential::read(which)?, given()?)?)
            }
            ("POST", ["users", user, "externalserviceaccounts"]) => {
                let changes = resources.add_account(user, &id, given()?)?;
                Ok((created(&format!("/vmrest/users/{user}/externalserviceaccounts/{id}")), changes))
            }
            ("PUT", ["users", user, "externalserviceaccounts", account]) => {
                done(resources.set_account(user, account, given()?)?)
            }
            ("DELETE", ["users", user, "externalserviceaccounts", account]) => {
                done(resources.remove_account(user, account)?)
            }
            ("POST", ["usertemplates"]) => {
                resources.has_template(self.parameters()?.get("templateAlias"))?;
                let changes = resources.add_named(&TEMPLATE, &id, given()?)?;
                Ok((created(&format!("/vmrest/usertemplates/{id}")), changes))
            }
            ("POST", ["externalservices"]) => {
                let changes = resources.add_named(&SERVICE, &id, given()?)?;
                Ok((created(&format!("/vmrest/externalservices/{id}")), changes))
            }
            ("PUT", ["usertemplates" | "externalservices", named]) => {
                done(resources.set_named(kind_of(path), named, given()?)?)
            }
            ("DELETE", ["usertemplates" | "externalservices", named]) => {
                done(resources.remove_named(kind_of(path), named)?)
            }
            _ if is_resource(path) => Err(Refusal::method()),
            _ => Err(Refusal::not_found("Resource")),
        }
    }

    fn read(&self, path: &[&str]) -> Result<Answer, Refusal> {
        let resources = self.resources;
        match path {
            ["version"] | ["version", "product"] => {
                let version = PRODUCT.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
                Ok(self.format.one(&VERSION, &version))
            }
            ["users"] => match self.parameters()?.alias() {
                Some(alias) => self.list(&USER, resources.user_named(alias).into_iter()),
                None => self.list(&USER, resources.of(&USER)),
            },
            ["import", "users", "ldap"] => self.list_importable(),
            [list @ ("usertemplates" | "externalservices")] => {
                let kind = kind_of(&[list]);
                self.list(kind, resources.of(kind))
            }
            ["users", user, "externalserviceaccounts"] => {
                resources.get(&USER, user)?;
                self.list(&ACCOUNT, resources.accounts(user))
            }
            ["users", user, "externalserviceaccounts", account] => {
                Ok(self.format.one(&ACCOUNT, resources.account(user, account)?))
            }
            ["users", user, "credential", which] => {
                let which = Credential::read(which)?;
                let locked = self.faults.has_lock("alias", text(resources.get(&USER, user)?, "Alias"));
                Ok(self.format.one(&CREDENTIAL, &resources.credential(user, which, locked)?))
            }
            ["users" | "usertemplates" | "externalservices", one] => {
                let kind = kind_of(path);
                Ok(self.format.one(kind, resources.get(kind, one)?))
            }
            _ => Err(Refusal::not_found("Resource")),
        }
    }

    fn list<'r>(&self, kind: &Kind, list: impl Iterator<Item = &'r Resource>) -> Result<Answer, Refusal> {
        let (total, page) = self.parameters()?.select(list)?;
        Ok(self.format.list(kind, total, &page))
    }

    /// Those who may be imported, who are paged in a way of their own.
    fn list_importable(&self) -> Result<Answer, Refusal> {
        let parameters = self.parameters()?;
        let users = self.resources.importable(self.directory);
        let found = parameters.filter(users.iter())?;
        let (offset, limit) = (parameters.number("offset")?, parameters.number("limit")?);
        let total = found.len();
        if limit.is_none() && total > MOST {
            return Err(Refusal::invalid("more than 2000 users are found, so a limit is needed"));
        }
        let page: Vec<&Resource> =
            found.into_iter().skip(offset.unwrap_or_default()).take(limit.unwrap_or(MOST)).collect();
        Ok(self.format.list(&IMPORT, total, &page))
    }

    fn parameters(&self) -> Result<Parameters, Refusal> {
        Parameters::read(self.request.uri().query().unwrap_or_default())
    }
}

/// Whether something is at a path that takes other methods.
fn is_resource(path: &[&str]) -> bool {
    matches!(
        path,
        ["version" | "users" | "usertemplates" | "externalservices"]
            | ["version", "product"]
            | ["users" | "usertemplates" | "externalservices", _]
            | ["import", "users", "ldap"]
            | ["users", _, "externalserviceaccounts"]
            | ["users", _, "externalserviceaccounts", _]
            | ["users", _, "credential", "pin" | "password"]
    )
}
