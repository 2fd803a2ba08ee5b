use bytes::Bytes;
use hyper::{Request, StatusCode};
use uuid::Uuid;

use super::credentials::Credential;
use super::directory::MOST;
use super::extensions::EXTENSION;
use super::format::{Format, created};
use super::handler_settings::Settings;
use super::installation::{self, AUTHENTICATION_RULE, CALL_HANDLER, CALL_HANDLER_TEMPLATE, HOST, KINDS};
use super::kinds::{ACCOUNT, CREDENTIAL, IMPORT, Kind, Made, SERVER, USER, VERSION};
use super::lists::LIST_MEMBER;
use super::notices::{NOTIFICATION_DEVICE, Notices};
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
    /// For how many minutes authentication rules lock out, where they don't say it themselves.
    pub(super) lockout: Option<u32>,
    /// The time as CUPI writes it.
    pub(super) now: String,
    pub(super) new_id: Uuid,
}

/// What the body of a request to a path is of.
pub(super) fn kind_of(path: &[&str]) -> &'static Kind {
    match path {
        ["import", ..] => &IMPORT,
        ["users", _, "externalserviceaccounts", ..] => &ACCOUNT,
        ["users", _, "credential", ..] => &CREDENTIAL,
        ["users", _, "alternateextensions", ..] => &EXTENSION,
        ["distributionlists", _, "distributionlistmembers", ..] => &LIST_MEMBER,
        ["handlers", "callhandlers", _, part, ..] => Settings::at(part).map_or(&CALL_HANDLER, |settings| settings.kind),
        _ => {
            let of_user = Notices::at(path).map(|(notices, ..)| notices.kind);
            of_user.or(listed(path).map(|(kind, _)| kind)).unwrap_or(&USER)
        }
    }
}

/// The kind of which a path names the list or a member of it, and what follows the list's path.
fn listed<'p>(path: &'p [&'p str]) -> Option<(&'static Kind, &'p [&'p str])> {
    KINDS.iter().find_map(|kind| {
        let of_list: Vec<&str> = kind.path.split('/').collect();
        Some((*kind, path.strip_prefix(of_list.as_slice())?))
    })
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
        if let Some((notices, user, one)) = Notices::at(path) {
            return match (method, one) {
                ("POST", None) => {
                    let changes = resources.add_notice(notices, user, &id, given()?)?;
                    Ok((created(&notices.address(user, &id)), changes))
                }
                ("PUT", Some(one)) => done(resources.set_notice(notices, user, one, given()?)?),
                ("DELETE", Some(one)) => done(resources.remove_notice(notices, user, one)?),
                _ => Err(Refusal::method()),
            };
        }
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
            ("POST", ["users", user, "alternateextensions"]) => {
                let changes = resources.add_extension(user, &id, given()?)?;
                Ok((created(&format!("/vmrest/users/{user}/alternateextensions/{id}")), changes))
            }
            ("PUT", ["users", user, "alternateextensions", extension]) => {
                done(resources.set_extension(user, extension, given()?)?)
            }
            ("DELETE", ["users", user, "alternateextensions", extension]) => {
                done(resources.remove_extension(user, extension)?)
            }
            ("POST", ["distributionlists", list, "distributionlistmembers"]) => {
                let changes = resources.add_member(list, &id, given()?)?;
                Ok((created(&format!("/vmrest/distributionlists/{list}/distributionlistmembers/{id}")), changes))
            }
            ("DELETE", ["distributionlists", list, "distributionlistmembers", member]) => {
                done(resources.remove_member(list, member)?)
            }
            ("DELETE", ["distributionlists", list]) => done(resources.remove_list(list)?),
            ("PUT", ["handlers", "callhandlers", handler, part, member]) => {
                let settings = Settings::at(part).ok_or_else(|| Refusal::not_found("Resource"))?;
                done(resources.change_setting(settings, handler, member, given()?)?)
            }
            ("PUT", ["handlers", "callhandlers", handler]) => done(resources.set_handler(handler, given()?)?),
            ("DELETE", ["handlers", "callhandlers", handler]) => done(resources.remove_handler(handler)?),
            _ => match (method, listed(path)) {
                ("POST", Some((kind, []))) if kind.made != Made::Otherwise => {
                    let changes = self.make(kind, &id, given()?)?;
                    Ok((created(&format!("/vmrest/{}/{id}", kind.path)), changes))
                }
                ("PUT", Some((kind, [one]))) if kind.made != Made::Otherwise => {
                    done(resources.set_named(kind, one, given()?)?)
                }
                ("DELETE", Some((kind, [one]))) if kind.made != Made::Otherwise => {
                    done(resources.remove_named(kind, one)?)
                }
                _ if is_resource(path) => Err(Refusal::method()),
                _ => Err(Refusal::not_found("Resource")),
            },
        }
    }

    /// What it takes to make one of a list.
    fn make(&self, kind: &'static Kind, id: &str, given: Resource) -> Result<Changes, Refusal> {
        let Made::From(parameter) = kind.made else { return self.resources.add_named(kind, id, given) };
        let parameters = self.parameters()?;
        if kind.name == CALL_HANDLER.name || kind.name == CALL_HANDLER_TEMPLATE.name {
            let template = parameters.get(parameter);
            let template = template.ok_or_else(|| Refusal::invalid(format!("the parameter {parameter} is missing")))?;
            return self.resources.add_handler(kind, id, template, given);
        }
        self.resources.has_template(parameters.get(parameter))?;
        self.resources.add_named(kind, id, given)
    }

    fn read(&self, path: &[&str]) -> Result<Answer, Refusal> {
        let resources = self.resources;
        if let Some((notices, user, one)) = Notices::at(path) {
            return match one {
                Some(one) => Ok(self.format.one(notices.kind, &resources.notice(notices, user, one)?)),
                None => self.list(notices.kind, resources.notices(notices, user)?.iter()),
            };
        }
        match path {
            ["version"] | ["version", "product"] => {
                let version = PRODUCT.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
                Ok(self.format.one(&VERSION, &version))
            }
            ["cluster"] => {
                let values = [("Key", "1"), ("HostName", HOST), ("DatabaseReplication", "0"), ("Description", "")];
                let server = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
                Ok(self.format.list(&SERVER, 1, &[&server]))
            }
            ["users"] => {
                let parameters = self.parameters()?;
                let (total, page) = match parameters.alias() {
                    Some(alias) => parameters.select(resources.user_named(alias).into_iter())?,
                    None => parameters.select(resources.of(&USER))?,
                };
                let page: Vec<Resource> = page.into_iter().map(installation::shown).collect();
                Ok(self.format.list(&USER, total, &page.iter().collect::<Vec<_>>()))
            }
            ["users", user] => Ok(self.format.one(&USER, &installation::shown(resources.get(&USER, user)?))),
            ["import", "users", "ldap"] => self.list_importable(),
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
            ["users", user, "alternateextensions"] => self.list(&EXTENSION, resources.extensions(user)?.iter()),
            ["users", user, "alternateextensions", extension] => {
                Ok(self.format.one(&EXTENSION, &resources.extension(user, extension)?))
            }
            ["users", user, "notificationdevices"] => {
                self.list(&NOTIFICATION_DEVICE, resources.notification_devices(user)?.iter())
            }
            ["users", user, "notificationdevices", device] => {
                Ok(self.format.one(&NOTIFICATION_DEVICE, &resources.notification_device(user, device)?))
            }
            ["distributionlists", list, "distributionlistmembers"] => {
                self.list(&LIST_MEMBER, resources.members(list)?.iter())
            }
            ["distributionlists", list, "distributionlistmembers", member] => {
                Ok(self.format.one(&LIST_MEMBER, &resources.member(list, member)?))
            }
            ["handlers", "callhandlers"] => self.list(&CALL_HANDLER, resources.handlers().iter()),
            ["handlers", "callhandlers", handler, part] => {
                let settings = Settings::at(part).ok_or_else(|| Refusal::not_found("Resource"))?;
                self.list(settings.kind, resources.settings(settings, handler, &self.now)?.iter())
            }
            ["handlers", "callhandlers", handler, part, member] => {
                let settings = Settings::at(part).ok_or_else(|| Refusal::not_found("Resource"))?;
                Ok(self.format.one(settings.kind, &resources.setting(settings, handler, member, &self.now)?))
            }
            ["handlers", "callhandlers", handler] => Ok(self.format.one(&CALL_HANDLER, &resources.handler(handler)?)),
            _ => match listed(path) {
                Some((kind, [])) if kind.name == AUTHENTICATION_RULE.name => {
                    let rules: Vec<Resource> = resources.of(kind).map(|rule| self.with_lockout(rule)).collect();
                    self.list(kind, rules.iter())
                }
                Some((kind, [one])) if kind.name == AUTHENTICATION_RULE.name => {
                    Ok(self.format.one(kind, &self.with_lockout(resources.get(kind, one)?)))
                }
                Some((kind, [])) => self.list(kind, resources.of(kind)),
                Some((kind, [one])) => Ok(self.format.one(kind, resources.get(kind, one)?)),
                _ => Err(Refusal::not_found("Resource")),
            },
        }
    }

    fn with_lockout(&self, rule: &Resource) -> Resource {
        let lockout = self.lockout.map(|minutes| ("LockoutDuration".to_owned(), minutes.to_string()));
        rule.clone().into_iter().chain(lockout).collect()
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
    matches!(listed(path), Some((_, [] | [_])))
        || matches!(
            path,
            ["version" | "cluster" | "users"]
                | ["version", "product"]
                | ["users", _]
                | ["import", "users", "ldap"]
                | ["users", _, "externalserviceaccounts" | "alternateextensions"]
                | ["users", _, "externalserviceaccounts" | "alternateextensions", _]
                | ["users", _, "credential", "pin" | "password"]
                | ["users", _, "notificationdevices"]
                | ["users", _, "notificationdevices", _]
                | ["distributionlists", _, "distributionlistmembers"]
                | ["distributionlists", _, "distributionlistmembers", _]
                | ["handlers", "callhandlers", _, "greetings" | "transferoptions" | "menuentries"]
                | ["handlers", "callhandlers", _, "greetings" | "transferoptions" | "menuentries", _]
        )
}
