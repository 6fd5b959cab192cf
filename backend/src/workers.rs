//! Threads for blocking work of one kind, as many as may do it at a time: a rush of requests stands in line here,
//! in order, instead of waking a crowd of threads that then fight for connections, or that each keep the memory
//! which a hash once took.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, unbounded};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Who has had nothing to do for so long rests.
const UNTIL_REST: Duration = Duration::from_millis(500);

/// Some threads that share one line of work. They end when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Workers(Arc<Sender<Job>>);

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workers(…)")
    }
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system has no more threads.
    pub(crate) fn start(name: &str, count: u32) -> std::io::Result<Self> {
        Self::start_resting(name, count, || ())
    }

    /// Starts threads that each do `rest` when there is nothing else to do: give back what they keep between one
    /// piece of work and the next.
    ///
    /// # Errors
    /// The system has no more threads.
    pub(crate) fn start_resting(name: &str, count: u32, rest: fn()) -> std::io::Result<Self> {
        let (line, jobs) = unbounded::<Job>();
        for number in 0..count {
            let jobs = jobs.clone();
            std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                loop {
                    let job = match jobs.recv_timeout(UNTIL_REST) {
                        Err(RecvTimeoutError::Timeout) => {
                            rest();
                            jobs.recv().ok()
                        }
                        job => job.ok(),
                    };
                    let Some(job) = job else { return };
                    job();
                }
            })?;
        }
        Ok(Self(Arc::new(line)))
    }

    /// Does `work` in its turn; nothing where it panicked. Work that nobody waits for any more is not begun:
    /// a person who left makes no others wait.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (tell, told) = oneshot::channel();
        let job = move || {
            if !tell.is_closed() {
                // A thread outlives what panics on it. The connection it held is thrown away by the pool.
                let done = catch_unwind(AssertUnwindSafe(work)).ok();
                let _ = tell.send(done);
            }
        };
        self.0.send(Box::new(job)).ok()?;
        told.await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_its_own_work_alone() {
        let workers = Workers::start("test", 1).unwrap();
        assert_eq!(workers.run(|| -> u8 { panic!("an expected panic") }).await, None);
        assert_eq!(workers.run(|| 7).await, Some(7));
    }

    #[tokio::test]
    async fn work_is_done_in_its_turn_by_all_threads() {
        let workers = Workers::start("test", 2).unwrap();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let slow = workers.run(move || gate.recv().is_ok());
        let quick = async {
            let done = workers.run(|| 1).await;
            open.send(()).unwrap();
            done
        };
        assert_eq!(tokio::join!(slow, quick), (Some(true), Some(1)));
    }
}
