//! Signing in with tokens that expire, on a real broker that checks their signatures.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::broker::{Broker, USER};
use crate::kafka::play::Play;
use crate::kafka::process;
use crate::kafka::tokens::TokenIssuer;
use crate::kafka::wait_for;

const LIMIT: Duration = Duration::from_secs(60);

/// How long a token is good.
const LIFE: Duration = Duration::from_secs(5);

/// How often a fresh one is put in place.
const ROTATION: Duration = Duration::from_millis(500);

/// Puts a token in place at once, as Kubernetes does.
fn put(file: &Path, token: &str) {
    let fresh = file.with_extension("fresh");
    fs::write(&fresh, token).expect("the directory is ours");
    fs::rename(fresh, file).expect("the directory is ours");
}

fn app(broker: &Broker, name: &str, token: &Path) -> App {
    let properties =
        json!({"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER"});
    let kafka = json!({
        "bootstrap_servers": broker.secured_address(),
        "properties": properties,
        "oauth_token_file": token,
    });
    App::new(broker, name).set(&json!({"kafka": kafka}))
}

/// The exit code of `check --connect`, and what it says.
fn check(app: &App) -> (Option<i32>, String) {
    let output = app
        .tool(&["check", "--connect"])
        .output()
        .expect("the binary was built");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.code(), said)
}

#[test]
fn tokens_that_expire_are_followed_by_others_and_strangers_are_refused() {
    let issuer = TokenIssuer::new();
    let broker = Broker::start_oauth(&issuer);
    let file: PathBuf = process::scratch("oauth").join("token");
    let rotated = AtomicBool::new(false);
    put(&file, &issuer.token(USER, LIFE));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !rotated.load(Ordering::Relaxed) {
                put(&file, &issuer.token(USER, LIFE));
                std::thread::park_timeout(ROTATION);
            }
        });
        let work = std::panic::catch_unwind(|| outlives_its_first_tokens(&broker, &file));
        rotated.store(true, Ordering::Relaxed);
        if let Err(panic) = work {
            std::panic::resume_unwind(panic);
        }
    });

    let app = app(&broker, "stranger", &file);
    put(&file, &issuer.token(USER, LIFE * 100));
    let (code, said) = check(&app);
    assert_eq!(code, Some(0), "{said}");
    put(&file, &TokenIssuer::new().token(USER, LIFE * 100));
    let (code, said) = check(&app);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("invalid_token"), "{said}");
    let token = issuer.token(USER, Duration::ZERO);
    put(&file, &token);
    let (code, said) = check(&app);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("expired") && !said.contains(&token), "{said}");
}

/// An installation that takes longer than two tokens are good.
fn outlives_its_first_tokens(broker: &Broker, file: &Path) {
    let app = app(broker, "oauth", file);
    let bridge = app.start();
    let mut play = Play::new(&app);
    let begun = Instant::now();
    let download = play.up_to_download("S1");
    let mut installed = 0;
    wait_for("two tokens to expire", LIMIT, || {
        play.install(&format!("T{installed}"));
        installed += 1;
        (begun.elapsed() > LIFE * 2).then_some(())
    });
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    assert!(bridge.is_ready(), "{}", bridge.log());
    bridge.stop();
    assert_eq!(app.written().responses.len(), installed + 1);
}
