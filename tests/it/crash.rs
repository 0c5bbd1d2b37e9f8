//! `kill -9` again and again while members work: nothing that was answered is lost, and nothing
//! is there by half.
//!
//! `TOKINET_KILLS` sets how often; `TOKINET_SEED` repeats a run as far as the machine lets it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tests::load::{Draw, Said, Worker, staff};
use tests::program::{Appliance, Program, success};

use crate::checks::check_everything;
use crate::found::check_found;

const KILLS: u64 = 20;
const WORKERS: usize = 4;

/// The goal is one second; a machine that runs all tests at once is given time.
const READY_MAX: Duration = Duration::from_secs(5);

/// Between a start and its end, in milliseconds.
const LIFE_MIN: u64 = 100;
const LIFE_SPREAD: u64 = 900;

/// Every so many kills the whole store is looked at, besides after the last one.
const LOOKED_AT_EVERY: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_answered_is_lost_and_nothing_is_there_by_half() {
    let kills = number("TOKINET_KILLS").unwrap_or(KILLS);
    let seed = number("TOKINET_SEED")
        .unwrap_or_else(|| u64::from_be_bytes(store::Clock::system().random()));
    println!("TOKINET_SEED={seed} TOKINET_KILLS={kills}");
    let mut draw = Draw::new(seed);
    let place = Appliance::init();
    let said = Arc::new(Mutex::new(Said::default()));
    let mut program = Program::run(&place);
    let mut workers = staff(&place, &program, WORKERS, seed, &said).await;
    let (mut ready, mut done, mut looked) = (Vec::new(), 0, 0);
    for kill in 1..=kills {
        let life = Duration::from_millis(LIFE_MIN + draw.below(LIFE_SPREAD));
        let steps;
        (workers, steps) = work_until_killed(workers, program, life).await;
        done += steps;
        program = Program::run(&place);
        ready.push(program.ready_after);
        assert!(program.ready_after <= READY_MAX, "ready after {:?}", program.ready_after);
        if kill % LOOKED_AT_EVERY == 0 || kill == kills {
            program.kill();
            looked += 1;
            check_everything(&place, &said.lock().unwrap());
            check_found(&place);
            success(&place.run(&["verify"]));
            success(&place.run(&["trail", "verify"]));
            program = Program::run(&place);
        }
        workers.iter_mut().for_each(|worker| worker.turn_to(program.address));
    }
    ready.sort_unstable();
    let said = said.lock().unwrap();
    println!(
        "{kills} kills, {looked} looks at everything; {done} steps: {} mails sent, {} with files, \
         {} openings; ready after {:?} (median), {:?} (last of all)",
        said.sent.len(),
        said.sent.iter().filter(|subject| said.files.contains_key(*subject)).count(),
        said.opened.len(),
        ready[ready.len() / 2],
        ready[ready.len() - 1],
    );
    assert!(done > kills, "the members did work: {done} steps");
    program.kill();
}

/// Answers the workers and how many steps they did.
async fn work_until_killed(
    workers: Vec<Worker>,
    program: Program,
    life: Duration,
) -> (Vec<Worker>, u64) {
    let tasks: Vec<_> = workers.into_iter().map(|one| tokio::spawn(one.work())).collect();
    // The moment of the kill is the test's input.
    tokio::time::sleep(life).await;
    program.kill();
    let (mut workers, mut done) = (Vec::new(), 0);
    for task in tasks {
        let (worker, steps) = task.await.unwrap();
        workers.push(worker);
        done += steps;
    }
    (workers, done)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}
