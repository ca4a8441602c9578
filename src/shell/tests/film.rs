//! A drain that was written down shows the same screens as a film, cell for cell.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::front::Script;
use super::seconds;
use super::stage::{Stage, start};
use crate::console::Console;
use crate::core::moment::Moment;
use crate::core::session::Session;
use crate::recorder::{Film, Recording};
use crate::shell::run;
use crate::ui::{self, Colours, Glyphs, Theme};

/// What the console shows of `session`.
pub(super) fn picture(session: &Session, now: Moment) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(110, 30)).unwrap();
    let mut console = Console::new(None, false);
    console.follow(session, now);
    let look = Theme {
        colours: Colours::Sixteen,
        glyphs: Glyphs::Unicode,
    };
    terminal
        .draw(|frame| ui::draw(frame, session, &console, now, &look))
        .unwrap();
    terminal.backend().buffer().clone()
}

async fn filmed(state: PathBuf) -> Vec<(Moment, Buffer)> {
    // One job ends by itself, the other one is pushed back.
    let mut played = Stage::new(&[&[4.0, 600.0], &[3.0]]);
    played.state = Some(state);
    let mut script = Script::new().drains(seconds(2.0), played.targets());
    script.pictures = Some(Vec::new());
    let session = Stage::session("tstp, 12, term, 30, kill");
    let (_, script, _) = run(session, script, played.world()).await.unwrap();
    script.pictures.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_film_shows_the_screens_of_then() {
    let state = tempfile::tempdir().unwrap();
    let pictures = filmed(state.path().to_owned()).await;
    let recording = Recording::read(state.path(), "filmed").unwrap();
    let mut film = Film::of(&recording).unwrap();
    // Of several frames at one moment the last one shows everything that came then.
    let shown: BTreeMap<Moment, Buffer> = pictures.into_iter().collect();
    let mut compared = 0;
    for (moment, picture_then) in shown.range(film.begun()..) {
        film.go_to(*moment);
        if film.now() == *moment {
            assert_eq!(
                &picture(film.session(), *moment),
                picture_then,
                "{moment:?}"
            );
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
    // Backwards it shows the same.
    let (moment, picture_then) = shown.range(start().after(seconds(5.0))..).next().unwrap();
    film.go_to(*moment);
    assert_eq!(&picture(film.session(), *moment), picture_then);
    film.go_to(film.begun());
    film.go_to_next_record();
    assert!(film.now() < start().after(seconds(2.5)));
}
