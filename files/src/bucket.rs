use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Config, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{FilesError, Key, hexadecimal};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one request may take, from its first byte to the head of its answer.
const REQUEST: Duration = Duration::from_secs(30);
/// How long all repetitions of a request may take.
const ALTOGETHER: Duration = Duration::from_secs(90);
/// How often a request is sent at most.
const ATTEMPTS: u32 = 3;
/// The name of an object's own entry for the SHA-256 of its bytes, in lower-case hexadecimal. Some servers don't tell a
/// checksum when they are read from, but all keep and tell this.
const DIGEST: &str = "sha256";
/// What a file name in a header needn't escape (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Who asks an object store.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`, of credentials that expire.
    pub session_token: Option<SecretString>,
}

/// Kept files in a bucket of an object store.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    client: Client,
    endpoint: String,
    name: String,
    prefix: String,
}

impl Bucket {
    pub(crate) fn new(
        name: String,
        prefix: String,
        endpoint: Option<String>,
        region: String,
        credentials: &Credentials,
    ) -> Self {
        let credentials = aws_sdk_s3::config::Credentials::new(
            &credentials.access_key_id,
            credentials.secret_access_key.expose_secret(),
            credentials.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
            None,
            "dialtone",
        );
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(REQUEST)
            .operation_timeout(ALTOGETHER)
            .build();
        let shown = endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let mut config = Config::builder()
            .behavior_version_latest()
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .credentials_provider(credentials)
            .region(Region::new(region))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            // The digest that goes with every object serves all servers, also those that know no newer checksums.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = endpoint {
            // Servers beside Amazon's rarely answer to a host name for each bucket.
            config = config.endpoint_url(endpoint).force_path_style(true);
        }
        Self { client: Client::from_conf(config.build()), endpoint: shown, name, prefix }
    }

    pub(crate) async fn put(&self, key: &Key, bytes: Vec<u8>) -> Result<(), FilesError> {
        let digest = Sha256::digest(&bytes);
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(self.object(key))
            // The server compares it with what arrived and refuses anything else.
            .checksum_sha256(BASE64_STANDARD.encode(digest))
            .metadata(DIGEST, hexadecimal(&digest))
            .body(ByteStream::from(bytes));
        put.send().await.map_err(|error| self.explain(key, error))?;
        Ok(())
    }

    pub(crate) async fn get(&self, key: &Key, most: u64) -> Result<Vec<u8>, FilesError> {
        let get = self.client.get_object().bucket(&self.name).key(self.object(key));
        let mut answer = get.send().await.map_err(|error| self.explain(key, error))?;
        let told = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
        let mut bytes = Vec::new();
        let mut digest = Sha256::new();
        let too_large = |bytes| FilesError::TooLarge { location: self.location(key), bytes, most };
        if told > most {
            return Err(too_large(told));
        }
        while let Some(chunk) = answer.body.try_next().await.map_err(|error| self.unreachable(&error))? {
            digest.update(&chunk);
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > most {
                return Err(too_large(bytes.len() as u64));
            }
        }
        if kept_digest(&answer).is_some_and(|kept| kept != hexadecimal(&digest.finalize())) {
            return Err(FilesError::Changed(self.location(key)));
        }
        Ok(bytes)
    }

    pub(crate) async fn presigned(&self, key: &Key, ttl: Duration, file_name: &str) -> Result<String, FilesError> {
        let refused = |error: &dyn Error| FilesError::Address(format!("can't be made a link: {}", chain(error)));
        let config = PresigningConfig::expires_in(ttl).map_err(|error| refused(&error))?;
        let get = self.client.get_object().bucket(&self.name).key(self.object(key));
        let get = get.response_content_disposition(attachment(file_name));
        let link = get.presigned(config).await.map_err(|error| self.explain(key, error))?;
        Ok(link.uri().to_owned())
    }

    pub(crate) fn location(&self, key: &Key) -> String {
        format!("s3://{}/{}", self.name, self.object(key))
    }

    fn object(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }

    fn explain<E, R>(&self, key: &Key, error: SdkError<E, R>) -> FilesError
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let Some(answer) = error.as_service_error() else { return self.unreachable(&error) };
        let code = answer.code().unwrap_or("an error without a code").to_owned();
        let (bucket, endpoint) = (self.name.clone(), self.endpoint.clone());
        match code.as_str() {
            "NoSuchKey" => FilesError::Missing(self.location(key)),
            "NoSuchBucket" => FilesError::NoBucket { bucket, endpoint },
            "BadDigest" | "XAmzContentSHA256Mismatch" => FilesError::Damaged(self.location(key), code),
            "RequestTimeTooSkewed" => FilesError::Clock { endpoint },
            "AccessDenied"
            | "ExpiredToken"
            | "InvalidAccessKeyId"
            | "InvalidToken"
            | "NotSignedUp"
            | "SignatureDoesNotMatch" => FilesError::Denied { bucket, endpoint, code },
            _ => FilesError::Refused { endpoint, code, message: answer.message().unwrap_or_default().to_owned() },
        }
    }

    fn unreachable(&self, error: &dyn Error) -> FilesError {
        FilesError::Unreachable { endpoint: self.endpoint.clone(), reason: chain(error) }
    }
}

/// The digest that went with an object when Dialtone put it there; another program's objects have none.
fn kept_digest(answer: &GetObjectOutput) -> Option<&str> {
    answer.metadata().and_then(|entries| entries.get(DIGEST)).map(String::as_str)
}

/// What makes a browser save a download under that name, whatever characters it has (RFC 6266).
fn attachment(file_name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let ascii: String = file_name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(file_name, PLAIN))
}

/// An error and what it comes from, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_never_leaves_its_header() {
        let header = attachment("Jané \"x\"\r\nSet-Cookie: a.csv");
        assert_eq!(
            header,
            "attachment; filename=\"Jan___x___Set-Cookie__a.csv\"; \
             filename*=UTF-8''Jan%C3%A9%20%22x%22%0D%0ASet-Cookie%3A%20a.csv"
        );
    }
}
