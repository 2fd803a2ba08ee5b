//! One suite over both queues, the one in memory and the one on a real RabbitMQ, and what only a RabbitMQ can do.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

mod bed;
mod broker;
mod hints;

/// Runs each test on both backends.
macro_rules! on_both_backends {
    ($($test:ident),+ $(,)?) => {
        mod in_process {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::bed::Bed::in_process()).await;
            })+
        }
        mod rabbitmq {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::bed::Bed::rabbitmq(stringify!($test)).await).await;
            })+
        }
    };
}
pub(crate) use on_both_backends;
