//! Text that is put together at compile time, for the messages of [`rules`](crate::rules).

/// How long a message can be, in bytes.
const CAPACITY: usize = 1024;

/// A text of limited length.
pub struct Text {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Text {
    /// The parts, one after the other; what doesn't fit is left out, part by part.
    #[must_use]
    pub const fn of(parts: &[&str]) -> Self {
        let mut text = Self {
            bytes: [0; CAPACITY],
            length: 0,
        };
        let mut part = 0;
        while part < parts.len() {
            text = text.and(parts[part]);
            part += 1;
        }
        text
    }

    const fn and(mut self, part: &str) -> Self {
        let part = part.as_bytes();
        if part.len() > CAPACITY - self.length {
            return self;
        }
        let mut index = 0;
        while index < part.len() {
            self.bytes[self.length] = part[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// Whether two texts are equal.
#[must_use]
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Text, same};

    #[test]
    fn parts_are_joined() {
        assert_eq!(
            Text::of(&["`", "User", ".profile`"]).as_str(),
            "`User.profile`"
        );
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let long = "x".repeat(2000);
        assert_eq!(Text::of(&["a", &long, "b"]).as_str(), "ab");
    }

    #[test]
    fn texts_are_compared_whole() {
        assert!(same("user", "user"));
        assert!(!same("user", "users"));
    }
}
