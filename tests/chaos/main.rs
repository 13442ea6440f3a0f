//! Everything that can go wrong around the bridge, round by round, on three brokers and three processes.
//!
//! Without anything in the environment it plays the acts that no other test has, shortly, under one load.
//! `CREDBRIDGE_CHAOS=whole` plays each round in full, under a load of its own, and `CREDBRIDGE_CHAOS=kill,disk` these
//! rounds; all print a table. `CREDBRIDGE_CHAOS_RATE` sets the requests a second, `CREDBRIDGE_CHAOS_SHARE` how much of the
//! repetitions is played (0 to 1), `CREDBRIDGE_CHAOS_SEED` repeats a draw.
#![expect(
    clippy::disallowed_methods,
    reason = "this test measures real time and reads its own variables"
)]

#[cfg(test)]
mod brokers;
#[cfg(test)]
#[expect(dead_code, reason = "chaos counts no rebalances")]
#[path = "../soak/cast.rs"]
mod cast;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod disk;
#[cfg(test)]
#[expect(dead_code, reason = "chaos needs only a part of the harness")]
#[path = "../kafka/mod.rs"]
mod kafka;
#[cfg(test)]
#[expect(dead_code, reason = "chaos starts another load where the soak stops")]
#[path = "../soak/load.rs"]
mod load;
#[cfg(test)]
mod network;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod table;
#[cfg(test)]
#[path = "../soak/topics.rs"]
mod topics;
#[cfg(test)]
mod transactions;

#[cfg(test)]
mod tests {
    use crate::disk::SmallDisk;
    use crate::rounds::{ROUNDS, Selection};
    use crate::{stage, table};

    #[test]
    fn every_request_gets_exactly_one_answer_in_chaos() {
        let selection = Selection::from_environment();
        println!("{selection:?}");
        let disk = SmallDisk::default();
        let mut broker = stage::brokers(&disk);
        let mut rows = Vec::new();
        for acts in selection.plays(&ROUNDS) {
            let row = stage::play(&mut broker, &disk, &selection, &acts);
            println!("{row}");
            rows.push(row);
        }
        table::print(&rows);
        table::check(&rows);
    }
}
