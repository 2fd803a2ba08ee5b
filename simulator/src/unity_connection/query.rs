use super::refusal::Refusal;
use super::resources::Resource;

/// The parameters of a request, decoded.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let decode = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        };
        let pairs: Option<Vec<_>> = pairs.map(decode).collect();
        pairs.map(Self).ok_or_else(|| Refusal::invalid("the query can't be decoded"))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The members of a list that are asked for: how many there are in all, and the page.
    pub(super) fn select<'a>(
        &self,
        list: impl Iterator<Item = &'a Resource>,
    ) -> Result<(usize, Vec<&'a Resource>), Refusal> {
        let found = self.filter(list)?;
        let (rows, page) = (self.number("rowsPerPage")?.unwrap_or(ALL), self.number("pageNumber")?.unwrap_or(1));
        // Page 0 is asked for to learn how many there are.
        let rows = if page == 0 { 0 } else { rows };
        let first = rows.saturating_mul(page.saturating_sub(1));
        Ok((found.len(), found.into_iter().skip(first).take(rows).collect()))
    }

    /// The members of a list that are asked for, in the order that is asked for, on all pages.
    pub(super) fn filter<'a>(&self, list: impl Iterator<Item = &'a Resource>) -> Result<Vec<&'a Resource>, Refusal> {
        let condition = self.get("query").map(Condition::read).transpose()?;
        let mut found: Vec<&Resource> =
            list.filter(|resource| condition.as_ref().is_none_or(|condition| condition.holds(resource))).collect();
        if let Some(sort) = self.get("sort") {
            let inner = sort.strip_prefix('(').and_then(|sort| sort.strip_suffix(')')).unwrap_or_default();
            let (column, down) = match inner.split_once(' ') {
                Some((column, "desc")) => (column, true),
                Some((column, "asc")) => (column, false),
                _ => return Err(Refusal::invalid("a sort is (column asc) or (column desc)")),
            };
            found.sort_by_cached_key(|resource| value(resource, column));
            if down {
                found.reverse();
            }
        }
        Ok(found)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let number =
            self.get(name).map(|text| text.parse().map_err(|_| Refusal::invalid(format!("{name} is a number"))));
        number.transpose()
    }

    /// The alias that a query asks for and nothing else.
    pub(super) fn alias(&self) -> Option<&str> {
        let (column, alias) = self.get("query")?.strip_prefix('(')?.strip_suffix(')')?.split_once(" is ")?;
        column.eq_ignore_ascii_case("alias").then_some(alias)
    }
}

/// The page of a request that names none.
const ALL: usize = 2_000;

/// One condition, such as `(alias startswith to)`.
#[derive(Debug)]
struct Condition {
    column: String,
    /// How the value there and the value here are compared.
    holds: fn(&str, &str) -> bool,
    value: String,
}

impl Condition {
    fn read(text: &str) -> Result<Self, Refusal> {
        let malformed = || Refusal::invalid(format!("{text:?} is no condition such as (alias is x)"));
        let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).ok_or_else(malformed)?;
        let (column, rest) = inner.split_once(' ').ok_or_else(malformed)?;
        let (operator, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let holds: fn(&str, &str) -> bool = match operator {
            "is" => |there, here| there == here,
            "startswith" => |there, here| there.starts_with(here),
            "isnull" => |there, _| there.is_empty(),
            "isnotnull" => |there, _| !there.is_empty(),
            _ => return Err(malformed()),
        };
        Ok(Self { column: column.to_owned(), holds, value: value.to_lowercase() })
    }

    fn holds(&self, resource: &Resource) -> bool {
        (self.holds)(&value(resource, &self.column), &self.value)
    }
}

/// The value of a column, which is named and compared without regard to case.
fn value(resource: &Resource, column: &str) -> String {
    let found = resource.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
    found.map_or_else(String::new, |(_, value)| value.to_lowercase())
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Vec<Resource> {
        let user = |alias: &str| Resource::from([("Alias".to_owned(), alias.to_owned())]);
        vec![user("tony"), user("Jane"), user("tom")]
    }

    fn select(query: &str) -> Result<(usize, Vec<String>), Refusal> {
        let users = users();
        let (total, page) = Parameters::read(query)?.select(users.iter())?;
        Ok((total, page.into_iter().map(|user| user["Alias"].clone()).collect()))
    }

    #[test]
    fn lists_are_filtered_sorted_and_paged() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(select("query=(alias%20is%20JANE)").unwrap(), (1, names(&["Jane"])));
        assert_eq!(select("query=(alias+startswith+to)&sort=(alias+asc)").unwrap(), (2, names(&["tom", "tony"])));
        assert_eq!(select("sort=(alias+desc)&rowsPerPage=1&pageNumber=2").unwrap(), (3, names(&["tom"])));
        assert_eq!(select("rowsPerPage=0").unwrap(), (3, names(&[])));
        assert_eq!(select("pageNumber=0").unwrap(), (3, names(&[])));
        assert_eq!(select("query=(department+isnull)").unwrap().0, 3);
        for wrong in ["query=alias", "query=(alias+like+x)", "sort=alias", "rowsPerPage=x", "query=%zz", "query=%"] {
            assert!(select(wrong).is_err(), "{wrong}");
        }
    }
}
