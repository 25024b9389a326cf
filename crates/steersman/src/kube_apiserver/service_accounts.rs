//! Issuer and keys of tokens of service accounts.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use apiserver::service_account::{KeySource, Keys, Settings};
use component::{certificates, flags};

use super::{Options, tell};

/// For whom tokens are good: who issues them, if nothing else is said.
pub(super) fn audiences(options: &Options) -> Vec<String> {
    if options.api_audiences.is_empty() {
        options.service_account_issuer.clone()
    } else {
        options.api_audiences.clone()
    }
}

pub(super) fn settings(options: &Options, folder: &Path) -> Result<Settings> {
    let longest = flags::duration(&options.service_account_max_token_expiration)
        .context("--service-account-max-token-expiration")?;
    let longest = i64::try_from(longest.as_secs()).unwrap_or(i64::MAX);
    ensure!(
        longest == 0 || longest >= 3600,
        "--service-account-max-token-expiration: at least 1h is expected, or 0 for no limit"
    );
    ensure!(
        options.service_account_issuer.iter().all(|issuer| !issuer.is_empty()),
        "--service-account-issuer: a URL is expected"
    );
    Ok(Settings {
        issuers: options.service_account_issuer.clone(),
        keys: keys(options, folder)?,
        extends_expiration: options.service_account_extend_token_expiration,
        max_expiration_seconds: longest,
    })
}

fn keys(options: &Options, folder: &Path) -> Result<KeySource> {
    let believed = options.service_account_key_file.iter().map(|path| read(path));
    let believed: Vec<String> = believed.collect::<Result<_>>().context("--service-account-key-file")?;
    if let Some(path) = &options.service_account_signing_key_file {
        let flag = "--service-account-signing-key-file";
        let pem = read(path).context(flag)?;
        return Ok(KeySource::ready(Keys::new(&pem, &believed).context(flag)?));
    }
    let path = folder.join("sa.key");
    if path.exists() {
        let keys = Keys::new(&read(&path)?, &believed);
        return Ok(KeySource::ready(keys.with_context(|| format!("reading {}", path.display()))?));
    }
    // A new key takes a while. The server serves meanwhile, and who wants a token waits.
    let (sender, source) = KeySource::pending();
    tokio::task::spawn_blocking(move || match make(&path, &believed) {
        Ok(keys) => {
            sender.send_replace(Some(Arc::new(keys)));
        }
        Err(error) => report(&path, &error),
    });
    Ok(source)
}

fn make(path: &Path, believed: &[String]) -> Result<Keys> {
    let pem = certificates::make_rsa_key()?;
    certificates::write_private(path, &pem)?;
    Ok(Keys::new(&pem, believed)?)
}

/// The server goes on without tokens, and its operator is told.
fn report(path: &Path, error: &anyhow::Error) {
    tell(format_args!(
        "no tokens of service accounts are issued: {} cannot be made: {error:#}",
        path.display()
    ));
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
