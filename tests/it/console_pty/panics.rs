//! A panic of this program, in a terminal: it is given back before the report. The product has
//! no way to panic on demand, so this test binary starts itself in the terminal, with the real
//! screen, the real loop and a fault of its own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use drainboard::console::Console;
use drainboard::core::drain::{Ask, Early, Guard, Mode, Plan, Policy, RedisGone};
use drainboard::core::fleet::{Located, ProcessKey};
use drainboard::core::moment::Moment;
use drainboard::core::sequence::SequenceOrigin;
use drainboard::core::session::{Kind, Session, Setting};
use drainboard::shell::{
    HangUp, Piloting, Plugs, Refused, ScreenFront, ShellWork, TakenTerminal, Visitors, World,
    guard_panics, run,
};
use drainboard::ui::Theme;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::terminal::Terminal;

/// Which fault the inner one has; without it, nobody started it in a terminal.
const FAULT: &str = "DRAINBOARD_TEST_FAULT";
/// The file that tells the inner one that its screen was seen.
const SHOWN: &str = "DRAINBOARD_TEST_SHOWN";

struct Nothing;

impl Plugs for Nothing {
    fn begin(
        &mut self,
        _: &[ProcessKey],
        _: &mut Session,
        _: Moment,
    ) -> Result<ShellWork, Refused> {
        Ok(ShellWork::Begin {
            held: HashMap::new(),
            journal: Err("none here".into()),
            licence: Arc::default(),
            locks: None,
        })
    }

    fn revoke(&self) {}

    fn ask(&self, _: Ask) -> Option<BoxFuture<'static, Vec<Located>>> {
        None
    }

    fn over(&mut self) {}
}

fn session() -> Session {
    Session::new(Setting {
        namespace: None,
        saved_in: None,
        kind: Kind::Live,
        plan: Plan {
            run: "r".into(),
            sequence: "tstp, 120, term".parse().unwrap(),
            mode: Mode::Manual,
            policy: Policy::Ask,
            guard: Guard {
                kill_extra: Duration::ZERO,
                rescue: false,
                redis_gone: RedisGone::Hold,
            },
            early: Early::Idle,
            timeout: None,
            rehearsal: false,
        },
        sequence_from: SequenceOrigin("--sequence".into()),
        redis: None,
        operator: "somebody".into(),
        successor: None,
    })
}

/// A world in which a task panics as soon as the file `shown` is there.
async fn in_a_task(shown: PathBuf) {
    let (_observed, observations) = mpsc::channel(1);
    let (answers, replies) = mpsc::unbounded_channel();
    let (work, _works) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(async {
        let seen = tokio::task::spawn_blocking(move || {
            until_true("the test has seen the screen", || shown.exists());
        });
        seen.await.unwrap();
        panic!("a fault in a source")
    });
    let world = World {
        clock: Arc::new(drainboard::clock::now),
        pace: 1.0,
        observations,
        logs: mpsc::channel(1).1,
        replies,
        answers,
        work,
        tasks,
        questions: JoinSet::new(),
        hang_up: HangUp::Holds,
        visitors: Visitors::default(),
        own_signals: None,
        plugs: Box::new(Nothing),
    };
    let front = ScreenFront::new(
        TakenTerminal::take().unwrap(),
        Console::default(),
        Theme::default(),
        Piloting::Keys {
            choice: None,
            left: None,
        },
    )
    .unwrap();
    let error = run(session(), front, world).await.err().unwrap();
    eprintln!("the loop ended: {error:#}");
}

fn in_a_frame() {
    let mut screen = TakenTerminal::take().unwrap();
    screen
        .draw(|frame| {
            frame.render_widget("a first frame", frame.area());
        })
        .unwrap();
    screen.draw(|_| panic!("a fault in a panel")).unwrap();
}

#[test]
#[ignore = "the other tests here start it in a terminal"]
fn inner() {
    let Ok(fault) = std::env::var(FAULT) else {
        return;
    };
    guard_panics();
    if fault == "frame" {
        in_a_frame();
    } else {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let shown = std::env::var_os(SHOWN).unwrap();
        runtime.block_on(in_a_task(shown.into()));
    }
}

/// Starts the inner one with this fault, and waits for its end.
fn with(fault: &str) -> Terminal {
    let scene = Scene::new();
    let inner = [
        "console_pty::panics::inner",
        "--exact",
        "--ignored",
        "--nocapture",
    ];
    let program = std::env::current_exe().unwrap();
    let shown = scene.path("shown");
    let more = [(FAULT, fault), (SHOWN, shown.to_str().unwrap())];
    let mut terminal = Terminal::of(&program, &scene, &inner, &more, (120, 40));
    if fault == "task" {
        until_true("its screen is there", || {
            terminal.read(vt100::Screen::alternate_screen)
        });
        std::fs::write(shown, "").unwrap();
    }
    terminal.wait_for_end();
    terminal.assert_restored();
    let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    let (entered, left) = (bytes.find("\x1b[?1049h"), bytes.find("\x1b[?1049l"));
    let reported = bytes.find("a fault in a");
    assert!(
        entered.is_some() && entered < left && left < reported,
        "{bytes:?}"
    );
    terminal
}

#[test]
fn a_panic_in_a_task_ends_the_program_and_gives_the_terminal_back() {
    let terminal = with("task");
    let text = terminal.text();
    assert!(text.contains("the loop ended"), "{text}");
    assert!(text.contains("a fault in a source"), "{text}");
}

#[test]
fn a_panic_while_it_draws_gives_the_terminal_back() {
    let terminal = with("frame");
    let text = terminal.text();
    assert!(text.contains("a fault in a panel"), "{text}");
    assert!(text.contains("test result: FAILED"), "{text}");
}
