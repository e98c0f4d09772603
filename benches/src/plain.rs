//! The graphs as plain structs: what is written by hand, and what every contender's own structs are made from.

#[derive(Debug, Clone, Default, PartialEq)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub profile: Option<Profile>,
    pub posts: Vec<Post>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    pub id: i64,
    pub user_id: i64,
    pub bio: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Post {
    pub id: i64,
    pub user_id: i64,
    pub title: String,
    pub comments: Vec<Comment>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comment {
    pub id: i64,
    pub post_id: i64,
    pub body: String,
}

#[derive(Debug, Clone, Default)]
pub struct Node {
    pub id: i64,
    pub parent_id: Option<i64>,
    pub name: String,
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default)]
pub struct Album {
    pub id: i64,
    pub name: String,
    pub tags: Vec<i64>,
}

/// A user with a profile and so many posts, each with two comments.
pub fn user(posts: usize) -> User {
    User {
        name: "ada".into(),
        profile: Some(profile("mathematician")),
        posts: (0..posts).map(|number| post("post", number)).collect(),
        ..User::default()
    }
}

pub fn profile(bio: &str) -> Profile {
    Profile {
        bio: bio.into(),
        ..Profile::default()
    }
}

pub fn post(name: &str, number: usize) -> Post {
    let comment = |text: &str| Comment {
        body: format!("{text} {number}"),
        ..Comment::default()
    };
    Post {
        title: format!("{name} {number}"),
        comments: vec![comment("first"), comment("second")],
        ..Post::default()
    }
}

/// A tree of so many nodes, each with ten below it until they are used up.
pub fn tree(nodes: usize) -> Node {
    let mut left = nodes - 1;
    let mut levels = vec![vec![0]];
    while left > 0 {
        let places = levels.last().map_or(0, Vec::len);
        let next: Vec<usize> = (0..places * 10)
            .take(left)
            .map(|place| place / 10)
            .collect();
        left -= next.len();
        levels.push(next);
    }
    // From the leaves up: each level goes below the one before it.
    let mut below: Vec<Node> = Vec::new();
    let mut parents: &[usize] = &[];
    for level in levels.iter().rev() {
        let mut nodes: Vec<Node> = (0..level.len()).map(node).collect();
        for (node, &parent) in below.into_iter().zip(parents) {
            nodes[parent].nodes.push(node);
        }
        below = nodes;
        parents = level;
    }
    below.remove(0)
}

fn node(number: usize) -> Node {
    Node {
        name: format!("node {number}"),
        ..Node::default()
    }
}

/// An album with so many tags, which are there already.
pub fn album(tags: usize) -> Album {
    Album {
        name: "holidays".into(),
        tags: (1..).take(tags).collect(),
        ..Album::default()
    }
}

/// How many posts a change of a tenth changes, removes and adds: at least one is changed and one added, and what is changed stays.
pub fn tenth(posts: usize) -> (usize, usize, usize) {
    let tenth = posts.div_ceil(10);
    (tenth, tenth.min(posts - tenth), tenth)
}

/// What a change left in memory: the rest is to be written by hand.
pub struct Edit {
    pub changed: usize,
    pub removed: Vec<Post>,
    /// The first post that is new.
    pub added: usize,
}

impl User {
    pub fn edit(&mut self) -> Edit {
        let (changed, removed, added) = tenth(self.posts.len());
        for post in &mut self.posts[..changed] {
            post.title.push('!');
        }
        let stays = self.posts.len() - removed;
        let removed = self.posts.split_off(stays);
        self.posts
            .extend((0..added).map(|number| post("new", number)));
        Edit {
            changed,
            removed,
            added: stays,
        }
    }
}
