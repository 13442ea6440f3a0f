//! What people do to the cluster.

use std::time::Duration;

use crate::kafka::acls;
use crate::rounds::Act;
use crate::stage::{Stage, access, first_address, principal};

/// The exit code that says that somebody must mend something.
const MEND_ME: i32 = 78;

/// How long the processes may need to find out that they may not write.
const REFUSAL_LIMIT: Duration = Duration::from_secs(60);

/// Seconds of load after each topic.
const SECONDS: usize = 20;

/// Topics are deleted and created again, with the processes at work, but nothing under way.
pub(crate) fn recreate_topics(stage: &mut Stage<'_>, act: &Act) {
    for _ in 0..act.times {
        let app = &stage.app;
        let topics = [
            (app.commands.clone(), 6),
            (app.responses.clone(), 6),
            (app.dead_letters.clone(), 6),
            (app.requests.clone(), 8),
            (app.events.clone(), 12),
        ];
        for (topic, partitions) in topics {
            stage.load_for(SECONDS);
            stage.quiesce();
            println!("{topic} is deleted and created again");
            stage.app.client.delete_topic(&topic);
            stage.app.client.create_topic(&topic, partitions, &[]);
        }
        stage.load_for(SECONDS);
    }
}

/// The processes may not write any more, end, and are started again when they may.
pub(crate) fn withdraw_access(stage: &mut Stage<'_>, act: &Act) {
    let address = first_address(stage.broker);
    let write: Vec<_> = access(&["Write"]).into_iter().take(1).collect();
    for _ in 0..act.times {
        stage.pause(1_000..3_000);
        acls::forbid(&address, &principal(), &write);
        stage.cast.await_end_of_all(MEND_ME, REFUSAL_LIMIT, || {
            acls::allow(&address, &principal(), &write);
        });
        stage.cast.recover();
    }
}
