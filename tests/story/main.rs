//! Whole stories in one process, each from a seed: a scheduler, two workers, the store, hints that get lost, doubled and
//! shuffled, a simulated device on a real socket whose answers get lost, workers that die at any await, wall clocks an
//! hour apart, and people who pause, cancel, abort and retry in between. Time is a clock that the story moves. After
//! each story the invariants of ARCHITECTURE.md hold.
//!
//! `DIALTONE_STORY_SEED=n` replays one story, `DIALTONE_STORIES=n` plays that many. A seed fixes every decision of the
//! story and every fault of the device; in which order the database and the socket answer two workers that ask at once
//! is the operating system's.

#![expect(clippy::unwrap_used, reason = "a story that can't be staged fails")]

mod checks;
mod device;
mod stage;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::stage::Stage;

const STORIES: u64 = 1_000;

#[test]
fn whatever_happens_nothing_is_lost_or_doubled() {
    if let Some(seed) = number("DIALTONE_STORY_SEED") {
        return play(seed);
    }
    let stories = number("DIALTONE_STORIES").unwrap_or(STORIES);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || (first..stories).step_by(threads as usize).for_each(play));
        }
    });
    println!("{stories} stories");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Plays one story; a broken invariant is reported with the seed that shows it again.
fn play(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Err(broken) = runtime.block_on(story(seed)) {
        panic!("story {seed}: {broken}\nreplay it with DIALTONE_STORY_SEED={seed}");
    }
}

async fn story(seed: u64) -> Result<(), String> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut stage = Stage::set(seed, &mut random).await;
    for turn in 1..random.random_range(20..120) {
        stage.settle().await;
        stage.something_happens(&mut random).await;
        if turn % 10 == 0 {
            stage.look_for_repeats().await?;
        }
    }
    stage.heal(&mut random).await;
    stage.play_to_the_end().await?;
    checks::all(&stage).await
}
