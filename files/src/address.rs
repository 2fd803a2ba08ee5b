use std::path::PathBuf;

use url::Url;

use crate::FilesError;

/// The region of a signature where the object store has no regions.
const ANY_REGION: &str = "us-east-1";

/// Where kept files are, as an operator writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// `file:///var/lib/dialtone/files`
    Folder(PathBuf),
    /// `s3://bucket/prefix?endpoint=https://objects.example:9000&region=eu-central-1`
    Bucket {
        bucket: String,
        /// What stands before every key: empty, or with a `/` at its end.
        prefix: String,
        /// Another server than Amazon's.
        endpoint: Option<String>,
        region: String,
    },
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, FilesError> {
        let refused = |why: &str| FilesError::Address(why.to_owned());
        // What was written isn't repeated: a password might be part of it.
        let url = Url::parse(text).map_err(|error| FilesError::Address(format!("can't be read as a URL: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("holds credentials: they are given by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
        }
        match url.scheme() {
            "file" => url.to_file_path().map(Self::Folder).map_err(|()| refused("names no folder of this machine")),
            "s3" => Self::bucket(&url),
            _ => Err(refused("starts with neither s3:// nor file://")),
        }
    }

    fn bucket(url: &Url) -> Result<Self, FilesError> {
        let refused = |why: String| Err(FilesError::Address(why));
        let Some(bucket) = url.host_str().filter(|bucket| !bucket.is_empty()) else {
            return refused("names no bucket: write s3://BUCKET/PREFIX".to_owned());
        };
        let prefix = url.path().trim_matches('/');
        let (mut endpoint, mut region) = (None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "endpoint" => endpoint = Some(value.into_owned()),
                "region" => region = Some(value.into_owned()),
                _ => return refused(format!("has a parameter {name:?}: there are `endpoint` and `region`")),
            }
        }
        if let Some(endpoint) = &endpoint
            && !Url::parse(endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            return refused("has an endpoint that is no http:// or https:// URL".to_owned());
        }
        let Some(region) = region.or_else(|| endpoint.is_some().then(|| ANY_REGION.to_owned())) else {
            return refused("names neither an endpoint nor a region: add ?region=eu-central-1".to_owned());
        };
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self::Bucket { bucket: bucket.to_owned(), prefix, endpoint, region })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_of_another_server_needs_no_region() {
        let address = Address::parse("s3://kept/night/runs/?endpoint=http://objects:9000").unwrap();
        let expected = Address::Bucket {
            bucket: "kept".to_owned(),
            prefix: "night/runs/".to_owned(),
            endpoint: Some("http://objects:9000".to_owned()),
            region: ANY_REGION.to_owned(),
        };
        assert_eq!(address, expected);
    }

    #[test]
    fn a_folder_is_an_address_too() {
        assert_eq!(Address::parse("file:///srv/files").unwrap(), Address::Folder("/srv/files".into()));
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        for (text, expected) in [
            ("kept", "can't be read as a URL"),
            ("http://kept", "starts with neither s3:// nor file://"),
            ("s3:///prefix", "names no bucket"),
            ("s3://kept", "names neither an endpoint nor a region"),
            ("s3://kept?endpoint=objects:9000", "no http:// or https:// URL"),
            ("s3://kept?regoin=x", "has a parameter \"regoin\""),
            ("s3://key:secret@kept?region=x", "holds credentials"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret@"), "{error}");
        }
    }
}
