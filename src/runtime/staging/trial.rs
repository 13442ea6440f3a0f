//! `check --connect`: whether the store lets the bridge do what it needs.

use object_store::Error;
use tokio::time::timeout;

use crate::config::Config;
use crate::runtime::{Clock, RuntimeError};

use super::errands::CALL_TIMEOUT;
use super::store::{Store, shown};

/// What the file of a trial holds.
const CONTENT: &[u8] = b"credbridge check --connect\n";

/// How long after now a file expires that could not be removed, in seconds; the bridge removes it then.
const LASTS_SECONDS: u64 = 3600;

/// A file of its own on its way through the store.
struct Trial {
    store: Store,
    name: String,
}

/// Puts a file of its own there, reads it, looks for it in the list, and removes it; returns all that fails. Nothing is
/// tried if nothing is staged.
///
/// # Errors
/// If there is no runtime to be had.
pub(in crate::runtime) fn try_out(config: &Config) -> Result<Vec<String>, RuntimeError> {
    let store = match super::open(config) {
        None => return Ok(Vec::new()),
        Some(Err(problem)) => return Ok(vec![problem]),
        Some(Ok(store)) => store,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RuntimeError::Failed(format!("trying the store: {error}")))?;
    let name = name(config);
    Ok(runtime.block_on(Trial { store, name }.run()))
}

/// One that nobody else uses, and that expires.
fn name(config: &Config) -> String {
    let now = Clock::new().now().as_millis();
    let of = format!(
        "{} {} {now} {}",
        config.application_id,
        config.instance_id,
        std::process::id()
    );
    let digits = blake3::hash(of.as_bytes()).to_hex();
    format!("{}-{}", now / 1000 + LASTS_SECONDS, &digits[..32])
}

impl Trial {
    async fn run(self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if let Err(why) = answer(self.store.put(&self.name, CONTENT)).await {
            let mend = "let it be written there (s3:PutObject, storage.objects.create and delete, Blob Data Contributor, \
                        or write access to the folder), and look at credentials and region";
            return vec![mistake("putting a file there", &why, mend)];
        }
        match answer(self.store.read(&self.name)).await {
            Ok(content) if content == CONTENT => {}
            Ok(_) => mistakes.push(mistake(
                "reading a file back",
                "it holds something else",
                "look for what changes files there",
            )),
            Err(why) => mistakes.push(mistake(
                "reading a file back",
                &why,
                "let it be read (s3:GetObject, storage.objects.get)",
            )),
        }
        let listing = match answer(self.store.names()).await {
            Ok(names) if names.contains(&self.name) => None,
            Ok(_) => Some("the file that was just put there is missing".to_owned()),
            Err(why) => Some(why),
        };
        if let Some(why) = listing {
            let mend = "let it be listed (s3:ListBucket, storage.objects.list), or what a crash leaves there stays";
            mistakes.push(mistake("listing files", &why, mend));
        }
        if let Err(why) = answer(self.store.remove(&self.name)).await {
            let mend = "let files be removed (s3:DeleteObject, storage.objects.delete)";
            mistakes.push(mistake("removing a file", &why, mend));
        }
        mistakes
    }
}

fn mistake(what: &str, why: &str, mend: &str) -> String {
    format!("staging.store: {what} failed: {why}: {mend}")
}

async fn answer<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match timeout(CALL_TIMEOUT, call).await {
        Ok(done) => done.map_err(|error| shown(&error)),
        Err(_) => Err(format!("no answer within {} s", CALL_TIMEOUT.as_secs())),
    }
}
