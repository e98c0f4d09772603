//! Stands between the library and a server, counts the messages that run something and the round trips, and loses the connection where it is
//! told to.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Pool};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Notify, mpsc};

mod mysql;
mod postgres;

/// How a server is reached.
pub(crate) type Server<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

/// A database whose messages the proxy can tell apart.
pub(crate) trait Wired: sqlx::Database {
    /// How a client reaches the server through the proxy.
    fn through(server: &Server<Self>, port: u16) -> Server<Self>;

    /// A connection to the server.
    fn reach(server: &Server<Self>) -> impl Future<Output = std::io::Result<(Says, Told)>> + Send;

    /// The client's next message, and what it runs, if it does; `None` when the client is gone.
    fn request(
        client: &mut Says,
        is_first: bool,
    ) -> impl Future<Output = Option<(Vec<u8>, Option<String>)>> + Send;

    /// Whether the server answers all that it was told when it gets this message.
    fn is_answered(message: &[u8]) -> bool;

    /// The server's next message, and whether an answer ends with it; `None` when the server is gone.
    fn answer(
        server: &mut Says,
        is_first: bool,
    ) -> impl Future<Output = Option<(Vec<u8>, bool)>> + Send;
}

/// What a side says.
pub(crate) type Says = BufReader<Box<dyn AsyncRead + Send + Unpin>>;

/// What a side is told.
pub(crate) type Told = Box<dyn AsyncWrite + Send + Unpin>;

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

/// What only gets a statement ready.
const PARSE: &str = "Parse";

/// How many connections were opened, and how many of them the server has ended.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    opened: AtomicUsize,
    over: AtomicUsize,
}

impl Connections {
    /// Waits until the server has ended all but the last.
    pub(crate) async fn settled(&self) {
        while self.opened.load(Ordering::SeqCst) > self.over.load(Ordering::SeqCst) + 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A proxy, and a pool of one connection through it.
pub(crate) struct Proxy<DB: Wired> {
    pub(crate) pool: Pool<DB>,
    pub(crate) connections: Arc<Connections>,
    trips: Arc<AtomicUsize>,
    wire: Arc<Mutex<Wire>>,
    /// Told that a message is held, and that it may go.
    gate: Arc<(Notify, Notify)>,
}

impl<DB: Wired> Proxy<DB> {
    pub(crate) async fn new(server: Server<DB>, options: PoolOptions<DB>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let through = DB::through(&server, port);
        let wire = Arc::<Mutex<Wire>>::default();
        let gate = Arc::<(Notify, Notify)>::default();
        let connections = Arc::<Connections>::default();
        let trips = Arc::<AtomicUsize>::default();
        tokio::spawn({
            let (wire, gate) = (Arc::clone(&wire), Arc::clone(&gate));
            let trips = Arc::clone(&trips);
            let connections = Arc::clone(&connections);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    connections.opened.fetch_add(1, Ordering::SeqCst);
                    let server = DB::reach(&server)
                        .await
                        .expect("a connection to the server");
                    tokio::spawn(carry::<DB>(
                        halves(client),
                        server,
                        (Arc::clone(&wire), Arc::clone(&gate)),
                        (Arc::clone(&connections), Arc::clone(&trips)),
                    ));
                }
            }
        });
        let pool = options.max_connections(1).connect_lazy_with(through);
        Self {
            pool,
            connections,
            trips,
            wire,
            gate,
        }
    }

    /// How often the server was asked to run something and to answer, since this was called last. A ping runs nothing, nor does a statement that is
    /// prepared.
    pub(crate) fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
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

pub(crate) fn halves(stream: TcpStream) -> (Says, Told) {
    stream.set_nodelay(true).expect("a TCP connection");
    let (says, told) = stream.into_split();
    (BufReader::new(Box::new(says)), Box::new(told))
}

/// A connection by a socket of this machine.
pub(crate) async fn by_socket(path: &Path) -> std::io::Result<(Says, Told)> {
    let (says, told) = UnixStream::connect(path).await?.into_split();
    Ok((BufReader::new(Box::new(says)), Box::new(told)))
}

/// Carries one connection, until one side is gone or it is to be lost.
async fn carry<DB: Wired>(
    (mut from_client, mut to_client): (Says, Told),
    (mut from_server, mut to_server): (Says, Told),
    (wire, gate): (Arc<Mutex<Wire>>, Arc<(Notify, Notify)>),
    (connections, trips): (Arc<Connections>, Arc<AtomicUsize>),
) {
    let (mute, muted) = mpsc::channel(1);
    tokio::select! {
        () = requests::<DB>(&mut from_client, &mut to_server, (&wire, &gate), (&mute, &trips)) => {}
        () = answers::<DB>(&mut from_server, &mut to_client, muted) => {}
    }
    drop((from_client, to_client));
    drop(to_server);
    // The server does what it was sent, and closes.
    drop(tokio::io::copy(&mut from_server, &mut tokio::io::sink()).await);
    connections.over.fetch_add(1, Ordering::SeqCst);
}

/// The client's messages.
async fn requests<DB: Wired>(
    client: &mut Says,
    server: &mut Told,
    (wire, gate): (&Mutex<Wire>, &(Notify, Notify)),
    (mute, trips): (&mpsc::Sender<()>, &AtomicUsize),
) {
    let (mut is_first, mut runs) = (true, false);
    while let Some((message, what)) = DB::request(client, is_first).await {
        is_first = false;
        if let Some(what) = what {
            runs |= what != PARSE;
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
        if DB::is_answered(&message) && std::mem::take(&mut runs) {
            trips.fetch_add(1, Ordering::SeqCst);
        }
        if server.write_all(&message).await.is_err() {
            return;
        }
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

/// The server's messages. Muted, they are read to the end of an answer, and the connection ends there.
async fn answers<DB: Wired>(server: &mut Says, client: &mut Told, mut muted: mpsc::Receiver<()>) {
    // The next message is the first of the answer that the client doesn't get.
    let mut is_first = false;
    let mut is_muted = false;
    loop {
        tokio::select! {
            biased;
            Some(()) = muted.recv(), if !is_muted => {
                (is_muted, is_first) = (true, true);
                continue;
            }
            ready = server.fill_buf() => if ready.is_err() { return },
        }
        let Some((message, ends)) = DB::answer(server, is_first).await else {
            return;
        };
        is_first = false;
        if is_muted && ends {
            return;
        }
        if !is_muted && client.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// Reads as many bytes behind those that are there.
pub(crate) async fn more(says: &mut Says, message: &mut Vec<u8>, length: usize) -> Option<()> {
    let head = message.len();
    message.resize(head + length, 0);
    says.read_exact(&mut message[head..]).await.ok()?;
    Some(())
}
