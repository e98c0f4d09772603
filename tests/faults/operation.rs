//! Every operation that writes, as something that can be prepared, run, and run again: the one-to-one ones.

use std::fmt;

use serde_json::json;
use sqlx::Pool;
use sqlx_cascade::{Db, Entity, Error, ErrorKind, Persistent};

use crate::home::{Home, Kind};
use crate::models::{Picture, Profile, User, desk, picture, profile, user};

/// Operations that write.
pub(crate) trait Writes: Copy + fmt::Debug {
    type Memory: Memory;

    /// Its memory, changed, ready to be run.
    async fn memory<DB: Kind>(self, pool: &Pool<DB>) -> Self::Memory;

    /// Runs it. After an error `memory` holds what the error carried.
    async fn run<D: Db>(self, memory: &mut Self::Memory, db: D) -> Result<(), Error>;

    /// Runs it again, after what it did was rolled back by a transaction that the handles know.
    async fn redo<DB: Kind>(self, memory: &mut Self::Memory, pool: &Pool<DB>);

    /// Ends the doubt of the handles: reads the rows again. Where it didn't happen they are changed again.
    async fn refresh<DB: Kind>(self, memory: &mut Self::Memory, pool: &Pool<DB>, happened: bool);

    /// It takes what it is given, and a future that is dropped drops that too.
    fn consumes(self) -> bool;

    /// It is a single statement without a transaction around it.
    fn is_alone(self) -> bool;

    /// The path of the error of a statement for this table is the one of its row, or of the relation or the root whose rows it reaches below that.
    fn is_path(self, path: &str, table: &str) -> bool;

    /// The content of the tables after it.
    async fn after<DB: Kind>(self, home: &Home<DB>) -> Vec<String> {
        home.reset().await;
        let before = home.content().await;
        let mut memory = self.memory(&home.pool).await;
        let done = self.run(&mut memory, &home.pool).await;
        done.expect("the operation without a fault");
        memory.agrees(home).await;
        let after = home.content().await;
        assert_ne!(before, after);
        after
    }

    /// The statements that change rows, as the triggers see them: `INSERT users`.
    async fn statements<DB: Kind>(self, home: &Home<DB>) -> Vec<String> {
        home.reset().await;
        home.note().await;
        let mut memory = self.memory(&home.pool).await;
        let done = self.run(&mut memory, &home.pool).await;
        done.expect("the operation without a fault");
        let statements = home.noted().await;
        assert!(!statements.is_empty());
        statements
    }
}

/// What an operation has in memory.
pub(crate) trait Memory {
    type Snapshot: fmt::Debug + PartialEq;

    /// All that can be seen of it.
    fn snapshot(&self) -> Self::Snapshot;

    /// What is left to save.
    fn pending(&self) -> Vec<String>;

    /// Values that are not saved.
    fn has_values(&self) -> bool;

    /// The handles are as the tables are: nothing is left to save, and what is loaded is what is there.
    async fn agrees<DB: Kind>(&self, home: &Home<DB>);
}

/// What a save of a handle would do, and which of its columns changed.
pub(crate) fn pending<T: Entity>(handles: &[Persistent<T>]) -> Vec<String> {
    let pending = |handle: &Persistent<T>| {
        // The key to a parent that is new is none yet, or after a rollback the one that never was.
        let mut changed = handle.changed_columns();
        changed.retain(|column| !column.ends_with("_id"));
        format!("{:?} {changed:?}", handle.plan())
    };
    handles.iter().map(pending).collect()
}

/// Reads the rows of handles again, which are there or aren't.
pub(crate) async fn refresh<DB: Kind, T: Entity>(
    handles: &mut [Persistent<T>],
    pool: &Pool<DB>,
    there: bool,
) {
    for handle in handles {
        let refreshed = handle.refresh(pool).await;
        let missing = refreshed.err().map(|error| error.kind());
        assert_eq!(missing, (!there).then_some(ErrorKind::NotFound));
    }
}

/// An operation on users.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Operation {
    /// `save` of a value with everything.
    Insert,
    /// `save_all` of values.
    InsertAll,
    /// A save of columns that changed at every level.
    Change,
    /// A save of another profile.
    Replace,
    /// A save without the profile.
    Remove,
    /// A save without the desk, which stays.
    Release,
    /// A save of another profile, the old one not loaded.
    Whole,
    /// A save of a profile and a desk that others had.
    Move,
    /// `save_all` of handles.
    SaveAll,
    Delete,
    DeleteAll,
    DeleteByKey,
    Detach,
    Merge,
    Patch,
    /// A save of one row: a single statement.
    Lone,
}

/// One of each kind.
pub(crate) const FEW: &[Operation] = &[
    Operation::Insert,
    Operation::Replace,
    Operation::Move,
    Operation::Delete,
];

/// What an operation has in memory.
#[derive(Default)]
pub(crate) struct Handles {
    pub(crate) values: Vec<User>,
    pub(crate) users: Vec<Persistent<User>>,
}

/// What can be seen of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    values: Vec<User>,
    users: Vec<User>,
    pending: Vec<String>,
}

impl Memory for Handles {
    type Snapshot = Snapshot;

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            values: self.values.clone(),
            users: self.users.iter().map(|user| (**user).clone()).collect(),
            pending: self.pending(),
        }
    }

    fn pending(&self) -> Vec<String> {
        pending(&self.users)
    }

    fn has_values(&self) -> bool {
        !self.values.is_empty()
    }

    async fn agrees<DB: Kind>(&self, home: &Home<DB>) {
        for user in &self.users {
            assert!(user.plan().expect("a plan").is_empty(), "{user:?}");
            let mut there = everything(&[user.id], &home.observer).await;
            let mut there = there.pop().expect("the row of a handle").clone();
            if user.profile.is_not_loaded() {
                there.profile = sqlx_cascade::HasOne::default();
            }
            if user.desk.is_not_loaded() {
                there.desk = sqlx_cascade::HasOne::default();
            }
            assert_eq!(**user, there);
        }
    }
}

/// Users with all that they have.
pub(crate) async fn everything<DB: Kind>(keys: &[i64], pool: &Pool<DB>) -> Vec<Persistent<User>> {
    User::find_many(keys.iter().copied())
        .with(User::PROFILE.then(Profile::PICTURE))
        .with(User::DESK)
        .all(pool)
        .await
        .expect("the users")
}

impl Operation {
    /// What is changed in memory before the operation.
    pub(crate) fn change(self, users: &mut [Persistent<User>]) {
        match self {
            Self::Change => {
                "anna".clone_into(&mut users[0].name);
                users[0].desk.get_mut().unwrap().label = "new label".into();
                let profile = users[0].profile.get_mut().unwrap();
                profile.bio = "new bio".into();
                profile.picture.get_mut().unwrap().path = "new.png".into();
            }
            Self::Replace => drop(users[0].profile.set(profile("new"))),
            Self::Whole => {
                users[0].profile.set(profile("new"));
                users[1].profile.set(profile("first"));
            }
            Self::Remove => drop(users[0].profile.remove()),
            Self::Move => {
                let profile = users[1].profile.expunge().unwrap();
                users[2].profile.adopt(profile);
                let desk = users[0].desk.expunge().unwrap();
                users[2].desk.adopt(desk);
                "cyd".clone_into(&mut users[2].name);
            }
            Self::SaveAll => {
                "anna".clone_into(&mut users[0].name);
                users[0]
                    .profile
                    .get_mut()
                    .unwrap()
                    .picture
                    .set(picture("new"));
                users[1].profile.remove();
                users[1].desk.set(desk("new"));
                users[2].profile.set(profile("first"));
            }
            // A delete releases first what was taken out to survive.
            Self::Release | Self::Delete | Self::DeleteAll => drop(users[0].desk.remove()),
            Self::Lone => users[2].name = "cyd".into(),
            Self::Insert
            | Self::InsertAll
            | Self::DeleteByKey
            | Self::Detach
            | Self::Merge
            | Self::Patch => {}
        }
    }
}

impl Writes for Operation {
    type Memory = Handles;

    async fn memory<DB: Kind>(self, pool: &Pool<DB>) -> Handles {
        let mut memory = Handles::default();
        match self {
            Self::Insert => memory.values = vec![user("dora")],
            Self::InsertAll => memory.values = vec![user("dora"), user("eve")],
            Self::DeleteByKey | Self::Merge | Self::Patch => {}
            Self::Whole => {
                memory.users = User::find_many([1, 3]).all(pool).await.expect("the users");
            }
            Self::Delete | Self::Detach => memory.users = everything(&[1], pool).await,
            Self::DeleteAll => memory.users = everything(&[1, 2], pool).await,
            Self::Change
            | Self::Replace
            | Self::Remove
            | Self::Release
            | Self::Move
            | Self::SaveAll
            | Self::Lone => memory.users = everything(&[1, 2, 3], pool).await,
        }
        self.change(&mut memory.users);
        memory
    }

    async fn run<D: Db>(self, memory: &mut Handles, db: D) -> Result<(), Error> {
        let Handles { values, users } = memory;
        match self {
            Self::Insert => {
                let saved = values.remove(0).save(db).await;
                *users =
                    vec![saved.inspect_err(|error| values.extend(error.take_entity::<User>()))?];
            }
            Self::InsertAll => {
                let saved = User::save_all(std::mem::take(values), db).await;
                *users = saved
                    .inspect_err(|error| *values = error.take_entity().expect("the values"))?;
            }
            Self::Change | Self::Replace | Self::Remove | Self::Release => {
                users[0].save(db).await?;
            }
            Self::Move | Self::Lone => drop(users[2].save(db).await?),
            Self::Whole | Self::SaveAll => drop(Persistent::save_all(users, db).await?),
            Self::Delete => {
                let deleted = users.remove(0).delete(db).await;
                deleted
                    .inspect_err(|error| users.extend(error.take_entity::<Persistent<User>>()))?;
            }
            Self::DeleteAll => {
                let deleted = Persistent::delete_all(std::mem::take(users), db).await;
                deleted.inspect_err(|error| *users = error.take_entity().expect("the handles"))?;
            }
            Self::DeleteByKey => drop(User::delete_by_key(1, db).await?),
            Self::Detach => drop(users[0].detach(User::PROFILE, db).await?),
            Self::Merge => *users = vec![User::merge(put(), db).await?],
            Self::Patch => *users = vec![User::patch(1, payload(), db).await?],
        }
        Ok(())
    }

    fn consumes(self) -> bool {
        matches!(
            self,
            Self::Insert | Self::InsertAll | Self::Delete | Self::DeleteAll
        )
    }

    fn is_alone(self) -> bool {
        matches!(self, Self::Lone | Self::Release)
    }

    async fn redo<DB: Kind>(self, memory: &mut Handles, pool: &Pool<DB>) {
        let done = match self {
            // What was deleted is new, and the handle is gone.
            Self::Delete | Self::DeleteAll | Self::DeleteByKey => {
                *memory = self.memory(pool).await;
                self.run(memory, pool).await
            }
            Self::Insert | Self::InsertAll | Self::Merge | Self::Patch => {
                Persistent::save_all(&mut memory.users, pool)
                    .await
                    .map(drop)
            }
            _ => self.run(memory, pool).await,
        };
        done.expect("what was rolled back, once more");
    }

    async fn refresh<DB: Kind>(self, memory: &mut Handles, pool: &Pool<DB>, happened: bool) {
        let there = !happened || !self.consumes();
        refresh(&mut memory.users, pool, there).await;
        if self == Self::Move {
            // What a handle that wasn't in doubt let go comes back by a new one.
            memory.users.splice(..2, everything(&[1, 2], pool).await);
        }
        if !happened {
            self.change(&mut memory.users);
        }
    }

    fn is_path(self, path: &str, table: &str) -> bool {
        let row = match table {
            "users" => "User",
            "profiles" => "User.profile",
            "pictures" => "User.profile.picture",
            _ => "User.desk",
        };
        let plain = plain(path);
        let several = matches!(
            self,
            Self::InsertAll | Self::SaveAll | Self::Whole | Self::DeleteAll
        );
        (several || path == plain) && is_above(&plain, row)
    }
}

/// A path without the places in lists.
pub(crate) fn plain(path: &str) -> String {
    path.chars()
        .filter(|character| !"[]0123456789".contains(*character))
        .collect()
}

pub(crate) fn is_above(path: &str, row: &str) -> bool {
    path == row || row.starts_with(&format!("{path}."))
}

fn put() -> User {
    let profile = Profile {
        id: 1,
        bio: "put".into(),
        picture: Picture {
            path: "put.png".into(),
            ..Picture::default()
        }
        .into(),
        ..Profile::default()
    };
    User {
        id: 1,
        name: "anna".into(),
        profile: profile.into(),
        desk: sqlx_cascade::HasOne::empty(),
        ..User::default()
    }
}

fn payload() -> serde_json::Value {
    json!({ "name": "anna", "profile": { "id": 1, "picture": null }, "desk": { "label": "patched" } })
}
