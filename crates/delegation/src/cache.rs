//! What was answered a while ago.

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::Map;
use tokio::time::Instant;

/// How many answers are kept. Each has a key of at most 10 KB, mostly some hundred bytes.
const KEPT_MAX: usize = 4096;

/// Answers, each for as long as was said when it came.
pub(crate) struct Cache<K, V>(Mutex<Map<K, (V, Instant)>>);

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new() -> Cache<K, V> {
        Cache(Mutex::new(Map::default()))
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, end) = kept.get(key)?;
        (Instant::now() < *end).then(|| value.clone())
    }

    /// Keeps an answer. When there are too many, those whose time is over go first, and then all: whoever asks again is
    /// looked up again.
    pub(crate) fn put(&self, key: K, value: V, wait: Duration) {
        if wait.is_zero() {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, (_, end)| now < *end);
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (value, now + wait));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answers_have_their_time_and_there_is_an_end_to_them() {
        let cache = Cache::new();
        cache.put(0, "a", Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(cache.get(&0), Some("a"));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(cache.get(&0), None);
        cache.put(1, "a", Duration::ZERO);
        assert_eq!(cache.get(&1), None);
        for key in 0..3 * KEPT_MAX {
            cache.put(key, "b", Duration::from_secs(10));
        }
        assert!(cache.0.lock().unwrap().len() <= KEPT_MAX);
    }
}
