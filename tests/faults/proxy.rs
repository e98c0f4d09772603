//! Stands between the library and PostgreSQL, counts the messages that run something, and loses the connection where it is told to.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Pool, Postgres};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Notify, mpsc};

/// What a side says.
type Says = BufReader<Box<dyn AsyncRead + Send + Unpin>>;

/// What a side is told.
type Told = Box<dyn AsyncWrite + Send + Unpin>;

/// Where a connection is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cut {
    /// The server doesn't get the message.
    Before(usize),
    /// The client doesn't get the answer.
    After(usize),
}

/// What the proxy has seen since it was armed.
#[derive(Default)]
struct Wire {
    cut: Option<Cut>,
    /// The message that waits until it is released.
    hold: Option<usize>,
    /// What each message runs: the text of a query, `Parse` or `Execute`.
    seen: Vec<String>,
}

/// A proxy, and a pool of one connection through it.
pub(crate) struct Proxy {
    pub(crate) pool: Pool<Postgres>,
    wire: Arc<Mutex<Wire>>,
    /// Told that a message is held, and that it may go.
    gate: Arc<(Notify, Notify)>,
}

impl Proxy {
    pub(crate) async fn new(server: PgConnectOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let options = through(&server, port);
        let wire = Arc::<Mutex<Wire>>::default();
        let gate = Arc::<(Notify, Notify)>::default();
        tokio::spawn({
            let (wire, gate) = (Arc::clone(&wire), Arc::clone(&gate));
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let server = connect(&server).await.expect("a connection to PostgreSQL");
                    tokio::spawn(carry(
                        halves(client),
                        server,
                        Arc::clone(&wire),
                        Arc::clone(&gate),
                    ));
                }
            }
        });
        let pool = PoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options);
        Self { pool, wire, gate }
    }

    /// Counts from here, and loses the connection there.
    pub(crate) fn arm(&self, cut: Cut) {
        *self.wire() = Wire {
            cut: Some(cut),
            ..Wire::default()
        };
    }

    /// Counts from here, and holds that message until it is released.
    pub(crate) fn hold(&self, at: usize) {
        *self.wire() = Wire {
            hold: Some(at),
            ..Wire::default()
        };
    }

    /// Waits until the message is there.
    pub(crate) async fn held(&self) {
        self.gate.0.notified().await;
    }

    /// Holds nothing any more.
    pub(crate) fn release(&self) {
        *self.wire() = Wire::default();
        self.gate.1.notify_one();
    }

    /// Carries everything, and gives what was seen since it was armed; the last is what the connection was lost at, if it was.
    pub(crate) fn disarm(&self) -> (bool, Vec<String>) {
        let wire = std::mem::take(&mut *self.wire());
        let count = wire.seen.len();
        let was_cut = matches!(wire.cut, Some(Cut::Before(at) | Cut::After(at)) if at < count);
        (was_cut, wire.seen)
    }

    fn wire(&self) -> std::sync::MutexGuard<'_, Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a client reaches the server through the proxy. A socket can't be taken back from options, so they are made anew then.
fn through(server: &PgConnectOptions, port: u16) -> PgConnectOptions {
    let options = if server.get_socket().is_none() {
        server.clone()
    } else {
        let given = server.get_options().unwrap_or_default();
        // Spaces are escaped in what is given, and would be once more.
        let given = given.replace("\\ ", " ");
        let settings = given
            .split("-c ")
            .filter_map(|setting| setting.trim().split_once('='));
        PgConnectOptions::new()
            .username(server.get_username())
            .database(server.get_database().unwrap_or_default())
            .application_name(server.get_application_name().unwrap_or_default())
            .ssl_mode(server.get_ssl_mode())
            .options(settings)
    };
    options.host("127.0.0.1").port(port)
}

async fn connect(server: &PgConnectOptions) -> std::io::Result<(Says, Told)> {
    let Some(directory) = server.get_socket() else {
        let stream = TcpStream::connect((server.get_host(), server.get_port())).await?;
        return Ok(halves(stream));
    };
    let path = directory.join(format!(".s.PGSQL.{}", server.get_port()));
    let (says, told) = UnixStream::connect(path).await?.into_split();
    Ok((BufReader::new(Box::new(says)), Box::new(told)))
}

fn halves(stream: TcpStream) -> (Says, Told) {
    stream.set_nodelay(true).expect("a TCP connection");
    let (says, told) = stream.into_split();
    (BufReader::new(Box::new(says)), Box::new(told))
}

/// Carries one connection, until one side is gone or it is to be lost.
async fn carry(
    client: (Says, Told),
    server: (Says, Told),
    wire: Arc<Mutex<Wire>>,
    gate: Arc<(Notify, Notify)>,
) {
    let (mut from_client, mut to_client) = client;
    let (mut from_server, mut to_server) = server;
    let (mute, muted) = mpsc::channel(1);
    tokio::select! {
        () = requests(&mut from_client, &mut to_server, (&wire, &gate), &mute) => {}
        () = answers(&mut from_server, &mut to_client, muted) => {}
    }
}

/// The client's messages: a type, a length, a body; the first one has no type.
async fn requests(
    client: &mut Says,
    server: &mut Told,
    (wire, gate): (&Mutex<Wire>, &(Notify, Notify)),
    mute: &mpsc::Sender<()>,
) {
    let mut is_startup = true;
    loop {
        let mut message = vec![0; if is_startup { 4 } else { 5 }];
        if client.read_exact(&mut message).await.is_err() {
            return;
        }
        let mut length = [0; 4];
        length.copy_from_slice(&message[message.len() - 4..]);
        let body = u32::from_be_bytes(length) as usize - 4;
        let head = message.len();
        message.resize(head + body, 0);
        if client.read_exact(&mut message[head..]).await.is_err() {
            return;
        }
        if !is_startup && let Some(what) = running(&message) {
            let (cut, is_held) = count(wire, what);
            if is_held {
                gate.0.notify_one();
                gate.1.notified().await;
            }
            match cut {
                Some(Cut::Before(_)) => return,
                Some(Cut::After(_)) if mute.send(()).await.is_err() => return,
                _ => {}
            }
        }
        is_startup = false;
        if server.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// What a message runs, if it does.
fn running(message: &[u8]) -> Option<String> {
    match message[0] {
        b'Q' => Some(String::from_utf8_lossy(&message[5..message.len() - 1]).into_owned()),
        b'P' => Some("Parse".to_owned()),
        b'E' => Some("Execute".to_owned()),
        _ => None,
    }
}

/// Counts a message; the cut, where it is at this one, and whether this one is held.
fn count(wire: &Mutex<Wire>, what: String) -> (Option<Cut>, bool) {
    let mut wire = wire.lock().unwrap_or_else(PoisonError::into_inner);
    let number = wire.seen.len();
    if wire.cut.is_some() || wire.hold.is_some() {
        wire.seen.push(what);
    }
    let cut = wire
        .cut
        .filter(|cut| matches!(cut, Cut::Before(at) | Cut::After(at) if *at == number));
    (cut, wire.hold == Some(number))
}

/// The server's answers. Muted, they are read up to the one that says that it is ready, and the connection ends there.
async fn answers(server: &mut Says, client: &mut Told, mut muted: mpsc::Receiver<()>) {
    let mut is_muted = false;
    loop {
        let mut head = [0; 5];
        tokio::select! {
            biased;
            Some(()) = muted.recv(), if !is_muted => {
                is_muted = true;
                continue;
            }
            ready = server.fill_buf() => if ready.is_err() { return },
        }
        if server.read_exact(&mut head).await.is_err() {
            return;
        }
        let body = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
        let mut message = head.to_vec();
        message.resize(head.len() + body, 0);
        if server.read_exact(&mut message[head.len()..]).await.is_err() {
            return;
        }
        if is_muted && head[0] == b'Z' {
            return;
        }
        if !is_muted && client.write_all(&message).await.is_err() {
            return;
        }
    }
}
