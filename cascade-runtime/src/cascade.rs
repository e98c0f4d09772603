//! The cascade string, parsed at compile time.

/// The tokens of `cascade = ".."`, after [SQLAlchemy's](https://docs.sqlalchemy.org/en/20/orm/cascades.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a token")]
pub struct Cascade {
    /// A save of the parent saves the children.
    pub save_update: bool,
    /// `merge` descends.
    pub merge: bool,
    /// `refresh` reloads the relation.
    pub refresh_expire: bool,
    /// The children travel with an expunged parent.
    pub expunge: bool,
    /// Deleting the parent deletes the children.
    pub delete: bool,
    /// A child that leaves its parent is deleted.
    pub delete_orphan: bool,
}

impl Cascade {
    /// No token.
    pub const NONE: Self = Self {
        save_update: false,
        merge: false,
        refresh_expire: false,
        expunge: false,
        delete: false,
        delete_orphan: false,
    };

    /// `save-update, merge`.
    pub const DEFAULT: Self = Self {
        save_update: true,
        merge: true,
        ..Self::NONE
    };

    /// Reads a comma-separated list of tokens in which spaces don't count.
    ///
    /// The derive has checked the list. A token that isn't one is left out here.
    #[must_use]
    pub const fn parse(tokens: &str) -> Self {
        let bytes = tokens.as_bytes();
        let mut cascade = Self::NONE;
        let mut start = 0;
        while start <= bytes.len() {
            let mut end = start;
            while end < bytes.len() && bytes[end] != b',' {
                end += 1;
            }
            cascade = cascade.with(bytes.split_at(end).0.split_at(start).1.trim_ascii());
            start = end + 1;
        }
        cascade
    }

    const fn with(mut self, token: &[u8]) -> Self {
        match token {
            b"save-update" => self.save_update = true,
            b"merge" => self.merge = true,
            b"refresh-expire" => self.refresh_expire = true,
            b"expunge" => self.expunge = true,
            b"delete" => self.delete = true,
            b"delete-orphan" => self.delete_orphan = true,
            b"all" => {
                self.save_update = true;
                self.merge = true;
                self.refresh_expire = true;
                self.expunge = true;
                self.delete = true;
            }
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Cascade;

    #[test]
    fn all_has_five_tokens() {
        let all = Cascade {
            delete_orphan: false,
            ..Cascade::parse("all, delete-orphan")
        };
        assert_eq!(
            all,
            Cascade::parse(" delete,expunge ,refresh-expire, merge,save-update")
        );
        assert!(Cascade::parse("all, delete-orphan").delete_orphan);
    }

    #[test]
    fn none_and_nothing_are_empty() {
        assert_eq!(Cascade::parse("none"), Cascade::NONE);
        assert_eq!(Cascade::parse(""), Cascade::NONE);
    }
}
