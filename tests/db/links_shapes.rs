//! Shapes of many-to-many: both sides, a table that refers to itself, composite and natural keys, links that are entities.

use sqlx_cascade::{
    BelongsTo, ErrorKind, HasMany, ManyToMany, Persistent, Relations, save_together,
};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    both_sides_link_and_unlink,
    both_sides_in_one_save,
    deleting_either_side_takes_its_links,
    people_who_follow_people,
    people_who_follow_people_that_are_new,
    composite_keys_on_both_sides,
    natural_keys,
    natural_keys_that_are_new_in_the_same_save,
    links_with_columns_of_their_own,
    links_below_new_children,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "students")]
struct Student {
    #[key(generated)]
    id: i64,
    name: String,
    #[many_to_many(through = "attendances")]
    courses: ManyToMany<Course>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "courses")]
struct Course {
    #[key(generated)]
    id: i64,
    title: String,
    #[many_to_many(through = "attendances")]
    students: ManyToMany<Student>,
}

const STUDENTS: &str = "
    CREATE TABLE students (id $id, name TEXT NOT NULL);
    CREATE TABLE courses (id $id, title TEXT NOT NULL);
    CREATE TABLE attendances (student_id BIGINT NOT NULL REFERENCES students (id), course_id BIGINT NOT NULL REFERENCES courses (id), PRIMARY KEY (student_id, course_id));
";

/// The keys of the two sides are far apart.
const ATTENDING: &str = "
    INSERT INTO students (name) VALUES ('ada'), ('bob');
    INSERT INTO courses (id, title) VALUES (11, 'algebra'), (12, 'botany');
    INSERT INTO attendances VALUES (1, 11), (1, 12), (2, 12);
";

async fn attending<B: Base>(test: &Test<B>) {
    test.create(STUDENTS).await;
    test.execute(ATTENDING).await;
}

async fn both_sides_link_and_unlink<B: Base>(test: Test<B>) {
    attending(&test).await;
    let find = Student::find(1).with(Student::COURSES.then(Course::STUDENTS));
    let mut ada = find.one(&test.pool).await.unwrap();
    let titles = |student: &Student| -> Vec<(String, usize)> {
        let course = |course: &Course| (course.title.clone(), course.students.len());
        student.courses.iter().map(course).collect()
    };
    assert_eq!(titles(&ada), [("algebra".into(), 1), ("botany".into(), 2)]);
    ada.courses.iter_mut().next().unwrap().students.add_key(2);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["linked 1 attendances"]);
    assert_eq!(
        test.rows("attendances").await,
        ["1|11", "1|12", "2|11", "2|12"]
    );
    let mut botany = Course::find(12).one(&test.pool).await.unwrap();
    botany.students.remove_key(&1);
    botany.students.push(Student {
        name: "eve".into(),
        ..Student::default()
    });
    test.save_as_planned(&mut botany).await;
    assert_eq!(
        test.rows("attendances").await,
        ["1|11", "2|11", "2|12", "3|12"]
    );
}

/// Each side has its own idea of the table's columns.
async fn both_sides_in_one_save<B: Base>(test: Test<B>) {
    attending(&test).await;
    let mut bob = Student::find(2)
        .with(Student::COURSES)
        .one(&test.pool)
        .await
        .unwrap();
    let mut algebra = Course::find(11)
        .with(Course::STUDENTS)
        .one(&test.pool)
        .await
        .unwrap();
    bob.courses.add(&algebra);
    algebra.students.add(&bob);
    algebra.students.remove_key(&1);
    bob.courses.remove_key(&12);
    save_together((&mut bob, &mut algebra), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("attendances").await, ["1|12", "2|11"]);
    let empty = save_together((&mut bob, &mut algebra), &test.pool)
        .await
        .unwrap();
    assert!(empty.is_empty());
    bob.courses.set_keys([12]);
    algebra.students.set_keys([1]);
    save_together((&mut bob, &mut algebra), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("attendances").await, ["1|11", "1|12", "2|12"]);
    let mut course = Course {
        title: "chemistry".into(),
        students: ManyToMany::empty(),
        ..Course::default()
    };
    course.students.add_key(1);
    let mut eve = Student {
        name: "eve".into(),
        ..Student::default()
    };
    eve.courses.push(course);
    eve.courses.add_key(11);
    let eve = eve.save(&test.pool).await.unwrap();
    let keys: Vec<i64> = eve.courses.keys().copied().collect();
    let (new, eve) = (keys[0], eve.id);
    assert_eq!(keys, [new, 11]);
    let mut expected = ["1|11", "1|12", "2|12"].map(String::from).to_vec();
    expected.extend([
        format!("1|{new}"),
        format!("{eve}|{new}"),
        format!("{eve}|11"),
    ]);
    expected.sort();
    assert_eq!(test.rows("attendances").await, expected);
}

async fn deleting_either_side_takes_its_links<B: Base>(test: Test<B>) {
    attending(&test).await;
    let report = Course::delete_by_key(12, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 2 attendances", "deleted 1 courses"]
    );
    assert_eq!(test.rows("attendances").await, ["1|11"]);
    Student::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("attendances").await, NONE);
    assert_eq!(test.rows("students").await, ["2|bob"]);
    assert_eq!(test.rows("courses").await, ["11|algebra"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "people")]
struct Person {
    #[key(generated)]
    id: i64,
    name: String,
    #[many_to_many(through = "follows", source = "follower_id", target = "followed_id")]
    follows: ManyToMany<Person>,
    #[many_to_many(through = "follows", source = "followed_id", target = "follower_id")]
    followers: ManyToMany<Person>,
}

const PEOPLE: &str = "
    CREATE TABLE people (id $id, name TEXT NOT NULL);
    CREATE TABLE follows (follower_id BIGINT NOT NULL REFERENCES people (id), followed_id BIGINT NOT NULL REFERENCES people (id), PRIMARY KEY (follower_id, followed_id));
";

fn person(name: &str) -> Person {
    Person {
        name: name.into(),
        ..Person::default()
    }
}

async fn people_who_follow_people<B: Base>(test: Test<B>) {
    test.create(PEOPLE).await;
    test.execute("INSERT INTO people (name) VALUES ('a'), ('b'), ('c'); INSERT INTO follows VALUES (1, 2), (2, 1), (3, 1)")
        .await;
    let find = |id| {
        Person::find(id)
            .with(Person::FOLLOWS)
            .with(Person::FOLLOWERS)
    };
    let mut a = find(1).one(&test.pool).await.unwrap();
    let names = |people: &ManyToMany<Person>| -> Vec<String> {
        people.iter().map(|person| person.name.clone()).collect()
    };
    assert_eq!(names(&a.follows), ["b"]);
    assert_eq!(names(&a.followers), ["b", "c"]);
    a.follows.add_key(3);
    a.follows.add_key(1);
    a.followers.remove_key(&2);
    test.save_as_planned(&mut a).await;
    assert_eq!(test.rows("follows").await, ["1|1", "1|2", "1|3", "3|1"]);
    let mut users = Person::find_many([1, 2, 3]).all(&test.pool).await.unwrap();
    sqlx_cascade::load(
        &mut users,
        Person::FOLLOWS.then(Person::FOLLOWERS),
        &test.pool,
    )
    .await
    .unwrap();
    let follows: Vec<_> = users.iter().map(|user| names(&user.follows)).collect();
    assert_eq!(follows, [vec!["a", "b", "c"], vec![], vec!["a"]]);
    assert_eq!(
        names(&users[2].follows.iter().next().unwrap().followers),
        ["a", "c"]
    );
    users.remove(0).delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("follows").await, NONE);
    assert_eq!(test.rows("people").await, ["2|b", "3|c"]);
}

#[expect(clippy::many_single_char_names, reason = "they are the people's names")]
async fn people_who_follow_people_that_are_new<B: Base>(test: Test<B>) {
    test.create(PEOPLE).await;
    let mut c = person("c");
    c.follows.push(person("d"));
    let mut b = person("b");
    b.follows.push(c);
    b.followers.push(person("e"));
    let mut a = person("a");
    a.follows.push(b);
    let a = a.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("people").await.len(), 5);
    let b = a.follows.iter().next().unwrap();
    let c = b.follows.iter().next().unwrap();
    let d = c.follows.iter().next().unwrap();
    let e = b.followers.iter().next().unwrap();
    let mut expected = [
        (&a.id, &b.id),
        (&b.id, &c.id),
        (&c.id, &d.id),
        (&e.id, &b.id),
    ]
    .map(|(from, to)| format!("{from}|{to}"));
    expected.sort();
    assert_eq!(test.rows("follows").await, expected);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "orders")]
struct Order {
    #[key]
    tenant: i64,
    #[key]
    number: String,
    #[many_to_many(
        through = "order_tags",
        source = "order_tenant, order_number",
        target = "tag_tenant, tag_code"
    )]
    tags: ManyToMany<Tag>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "tags")]
struct Tag {
    #[key]
    tenant: i64,
    #[key]
    code: String,
    text: String,
}

const ORDERS: &str = "
    CREATE TABLE orders (tenant BIGINT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (tenant, number));
    CREATE TABLE tags (tenant BIGINT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant, code));
    CREATE TABLE order_tags (tag_code TEXT NOT NULL, order_tenant BIGINT NOT NULL, tag_tenant BIGINT NOT NULL, order_number TEXT NOT NULL,
        FOREIGN KEY (order_tenant, order_number) REFERENCES orders (tenant, number), FOREIGN KEY (tag_tenant, tag_code) REFERENCES tags (tenant, code));
";

fn tag(tenant: i64, code: &str) -> Tag {
    Tag {
        tenant,
        code: code.into(),
        text: code.to_uppercase(),
    }
}

async fn composite_keys_on_both_sides<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    test.execute("INSERT INTO tags VALUES (1, 'x', 'X'), (2, 'x', 'X2'), (1, 'y', 'Y')")
        .await;
    let mut order = Order {
        tenant: 1,
        number: "7".into(),
        ..Order::default()
    };
    order.tags.add_key((1, "x".into()));
    order.tags.add_key((1, "x".into()));
    order.tags.add_key((2, "x".into()));
    order.tags.push(tag(1, "z"));
    let mut order = order.save(&test.pool).await.unwrap();
    assert_eq!(order.tags.keys().count(), 3);
    assert_eq!(
        test.rows("order_tags").await,
        ["x|1|1|7", "x|1|2|7", "z|1|1|7"]
    );
    let other = Order {
        tenant: 2,
        number: "7".into(),
        tags: order.tags.clone(),
    };
    other.save(&test.pool).await.unwrap();
    order.tags.remove_key(&(2, "x".into()));
    order.tags.add_key((1, "y".into()));
    test.save_as_planned(&mut order).await;
    let mut fresh = Order::find((1, "7".into()))
        .with(Order::TAGS)
        .one(&test.pool)
        .await
        .unwrap();
    let texts: Vec<&str> = fresh.tags.iter().map(|tag| tag.text.as_str()).collect();
    assert_eq!(texts, ["X", "Y", "Z"]);
    fresh.tags.remove(0);
    fresh.tags.set_keys([(1, "z".into()), (2, "x".into())]);
    fresh.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("order_tags").await,
        ["x|1|2|7", "x|2|1|7", "x|2|2|7", "z|1|1|7", "z|2|1|7"]
    );
    let mut orders = Order::find_many([(2, "7".into()), (1, "7".into())])
        .with(Order::TAGS)
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(
        orders
            .iter()
            .map(|order| order.tags.len())
            .collect::<Vec<_>>(),
        [3, 2]
    );
    orders.remove(0).delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("order_tags").await, ["x|1|2|7", "z|1|1|7"]);
    assert_eq!(test.rows("tags").await.len(), 4);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "articles")]
struct Article {
    #[key]
    slug: String,
    #[many_to_many(through = "article_words")]
    words: ManyToMany<Word>,
    #[many_to_many(through = "see_also", source = "from_slug", target = "to_slug")]
    see_also: ManyToMany<Article>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "words")]
struct Word {
    #[key]
    #[column(name = "the word")]
    word: String,
}

const ARTICLES: &str = r#"
    CREATE TABLE articles (slug TEXT PRIMARY KEY);
    CREATE TABLE words ("the word" TEXT PRIMARY KEY);
    CREATE TABLE article_words (article_id TEXT NOT NULL REFERENCES articles (slug), word_id TEXT NOT NULL REFERENCES words ("the word"), PRIMARY KEY (article_id, word_id));
    CREATE TABLE see_also (from_slug TEXT NOT NULL REFERENCES articles (slug), to_slug TEXT NOT NULL REFERENCES articles (slug), PRIMARY KEY (from_slug, to_slug));
"#;

fn article(slug: &str) -> Article {
    Article {
        slug: slug.into(),
        ..Article::default()
    }
}

fn word(word: &str) -> Word {
    Word { word: word.into() }
}

async fn natural_keys<B: Base>(test: Test<B>) {
    test.create(ARTICLES).await;
    let mut a = article("a");
    a.words.push(word("one"));
    a.words.push(word("two"));
    assert_eq!(
        a.words.keys().count(),
        0,
        "a target that is new has no key yet"
    );
    let mut a = a.save(&test.pool).await.unwrap();
    assert_eq!(a.words.keys().collect::<Vec<_>>(), ["one", "two"]);
    a.words.remove_key(&"one".into());
    a.words.push(word("three"));
    let report = test.save_as_planned(&mut a).await;
    assert_eq!(
        changes(&report),
        [
            "unlinked 1 article_words",
            "inserted 1 words",
            "linked 1 article_words"
        ]
    );
    assert_eq!(test.rows("article_words").await, ["a|three", "a|two"]);
    assert_eq!(test.rows("words").await, ["one", "three", "two"]);
    // A new row with the key of one that is there is no link to it.
    a.words.push(word("one"));
    let error = a.save(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueViolation);
    a.words.remove(2);
    a.words.add_key("one".into());
    test.save_as_planned(&mut a).await;
    assert_eq!(
        test.rows("article_words").await,
        ["a|one", "a|three", "a|two"]
    );
}

/// A link by key to a row that the same save inserts waits for it.
async fn natural_keys_that_are_new_in_the_same_save<B: Base>(test: Test<B>) {
    test.create(ARTICLES).await;
    let mut a = article("a");
    let mut b = article("b");
    a.words.push(word("one"));
    a.words.add_key("one".into());
    b.words.add_key("one".into());
    a.see_also.add_key("b".into());
    b.see_also.add_key("a".into());
    b.see_also.add_key("b".into());
    let mut articles = Article::save_all(vec![a, b], &test.pool).await.unwrap();
    assert_eq!(test.rows("words").await, ["one"]);
    assert_eq!(test.rows("article_words").await, ["a|one", "b|one"]);
    assert_eq!(test.rows("see_also").await, ["a|b", "b|a", "b|b"]);
    assert!(
        Persistent::save_all(&mut articles, &test.pool)
            .await
            .unwrap()
            .is_empty()
    );
    for article in &articles {
        let fresh = Article::find(article.slug.clone())
            .with(Article::WORDS)
            .one(&test.pool)
            .await
            .unwrap();
        assert_eq!(fresh.words.len(), 1);
    }
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "members")]
struct Member {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    memberships: HasMany<Membership>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "clubs")]
struct Club {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    memberships: HasMany<Membership>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "memberships", unique = "member_id, club_id")]
struct Membership {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    member: BelongsTo<Member>,
    #[many_to_one]
    club: BelongsTo<Club>,
    rank: String,
}

const CLUBS: &str = "
    CREATE TABLE members (id $id, filler TEXT);
    CREATE TABLE clubs (id $id, name TEXT NOT NULL);
    CREATE TABLE memberships (id $id, member_id BIGINT NOT NULL REFERENCES members (id), club_id BIGINT NOT NULL REFERENCES clubs (id), rank TEXT NOT NULL, UNIQUE (member_id, club_id));
";

async fn links_with_columns_of_their_own<B: Base>(test: Test<B>) {
    test.create(CLUBS).await;
    let membership = |club, rank: &str| Membership {
        club,
        rank: rank.into(),
        ..Membership::default()
    };
    let club = |name: &str| Club {
        name: name.into(),
        ..Club::default()
    };
    let chess = club("chess").save(&test.pool).await.unwrap();
    let mut ada = Member::default();
    ada.memberships
        .push(membership(BelongsTo::to(chess.id), "king"));
    ada.memberships
        .push(membership(BelongsTo::new(club("go")), "stone"));
    drop(test.sent());
    let mut ada = ada.save(&test.pool).await.unwrap();
    let mut sent = test.kinds();
    sent[..2].sort();
    assert_eq!(
        sent,
        ["INSERT clubs", "INSERT members", "INSERT memberships"]
    );
    assert_eq!(
        test.rows("memberships").await,
        ["1|1|1|king", "2|1|2|stone"]
    );
    let path = Club::MEMBERSHIPS.then(Membership::MEMBER);
    let mut chess = Club::find(1).with(path).one(&test.pool).await.unwrap();
    assert_eq!(chess.memberships[0].member.get().unwrap().id, 1);
    chess.memberships.push(Membership {
        member: BelongsTo::new(Member::default()),
        rank: "pawn".into(),
        ..Membership::default()
    });
    test.save_as_planned(&mut chess).await;
    assert_eq!(
        test.rows("memberships").await,
        ["1|1|1|king", "2|1|2|stone", "3|2|1|pawn"]
    );
    chess.memberships.iter_mut().next().unwrap().rank = "rook".into();
    chess.memberships.remove(1);
    test.save_as_planned(&mut chess).await;
    assert_eq!(
        test.rows("memberships").await,
        ["1|1|1|rook", "2|1|2|stone"]
    );
    ada.load(Member::MEMBERSHIPS.then(Membership::CLUB), &test.pool)
        .await
        .unwrap();
    ada.memberships.remove(1);
    test.save_as_planned(&mut ada).await;
    assert_eq!(test.rows("memberships").await, ["1|1|1|rook"]);
    assert_eq!(test.rows("clubs").await, ["1|chess", "2|go"]);
    let result = ada.delete(&test.pool).await;
    result.unwrap();
    assert_eq!(test.rows("memberships").await, NONE);
    assert_eq!(test.rows("members").await, ["2|-"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "schools")]
struct School {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    classes: HasMany<Class>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "classes")]
struct Class {
    #[key(generated)]
    id: i64,
    #[many_to_one(School)]
    school_id: i64,
    #[many_to_many(through = "class_students")]
    students: ManyToMany<Student>,
}

async fn links_below_new_children<B: Base>(test: Test<B>) {
    test.create(STUDENTS).await;
    test.create("
        CREATE TABLE schools (id $id, filler TEXT);
        CREATE TABLE classes (id $id, school_id BIGINT NOT NULL REFERENCES schools (id));
        CREATE TABLE class_students (class_id BIGINT NOT NULL REFERENCES classes (id), student_id BIGINT NOT NULL REFERENCES students (id), PRIMARY KEY (class_id, student_id));
    ").await;
    test.execute(ATTENDING).await;
    let class = |keys: &[i64]| {
        let mut class = Class::default();
        class.students.set_keys(keys.iter().copied());
        class.students.push(Student {
            name: "new".into(),
            ..Student::default()
        });
        class
    };
    let school = School {
        classes: vec![class(&[1, 2]), class(&[2])].into(),
        ..School::default()
    };
    let mut school = school.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("class_students").await,
        ["1|1", "1|2", "1|3", "2|2", "2|4"]
    );
    school.classes.remove(0);
    let report = school.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 3 class_students", "deleted 1 classes"]
    );
    assert_eq!(test.rows("class_students").await, ["2|2", "2|4"]);
    let sent = {
        drop(test.sent());
        school.delete(&test.pool).await.unwrap();
        test.kinds()
    };
    assert_eq!(
        sent,
        ["DELETE class_students", "DELETE classes", "DELETE schools"]
    );
    assert_eq!(test.rows("class_students").await, NONE);
    assert_eq!(test.rows("students").await.len(), 4);
    let mut class = Class::default();
    class.students.add_key(99);
    let school = School {
        classes: vec![class].into(),
        ..School::default()
    };
    let result = school.save(&test.pool).await;
    failed(
        result,
        ErrorKind::ForeignKeyViolation,
        "School.classes[0].students[0]",
    );
    assert_eq!(test.rows("schools").await, NONE);
}
