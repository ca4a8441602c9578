//! The commands behind one that stops a Sidekiq: they go by before the next signal.

use super::KEYS;

/// The modules of Ansible and the steps of a pipeline that take a time of their own.
const WAITS: &[&str] = &[
    "async_status:",
    "import_tasks:",
    "include_role:",
    "include_tasks:",
    "uri:",
    "uses:",
    "wait_for:",
    "wait_for_connection:",
];

/// Ends of a line whose text stands in the lines below it.
const BLOCKS: &[&str] = &[": |", ": |-", ": >", ": >-"];
/// Keys whose items are commands.
const LISTS: &[&str] = &["script:", "cmds:", "commands:", "steps:"];

/// The lines behind a stop.
pub(super) struct Behind {
    /// Whether every indented line is a command, as in a Makefile.
    has_recipes: bool,
    has_stopped: bool,
    /// The column of the key whose text (`run: |`) the lines are, while they stand deeper.
    block: Option<usize>,
    /// Whether the items of a list are no commands.
    is_other_list: bool,
}

impl Behind {
    /// The lines of a file behind which nothing was stopped yet.
    pub(super) fn of(file: &str) -> Self {
        let name = file.to_ascii_lowercase();
        Self {
            has_recipes: ["makefile", "justfile", ".mk"]
                .iter()
                .any(|end| name.ends_with(end)),
            has_stopped: false,
            block: None,
            is_other_list: false,
        }
    }

    /// A Sidekiq was stopped or signalled.
    pub(super) fn begin(&mut self) {
        self.has_stopped = true;
        self.is_other_list = false;
    }

    /// The command that a line runs behind a stop, as a shell gets it. `rest` are the lines behind it.
    pub(super) fn command<'a>(
        &mut self,
        line: &'a str,
        code: &str,
        rest: impl Iterator<Item = &'a str>,
    ) -> Option<String> {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let column = line.len() - line.trim_start().len();
        self.block = self.block.filter(|key| column > *key);
        let item = text.strip_prefix("- ").unwrap_or(text);
        let in_block = self.block.is_some();
        if BLOCKS.iter().any(|end| text.ends_with(end)) {
            self.block = Some(column + text.len() - item.len());
            return None;
        }
        if !self.has_stopped {
            return None;
        }
        if item.ends_with(':') {
            self.is_other_list = !LISTS.iter().any(|key| item.ends_with(key));
        }
        let module = item.strip_prefix("ansible.builtin.").unwrap_or(item);
        if let Some(inside) = module.strip_prefix("pause:") {
            return Some(pause(inside, rest));
        }
        if let Some(inside) = code.strip_prefix("sleep(") {
            return Some(format!("sleep {}", inside.trim_end_matches(')')));
        }
        let is_recipe = self.has_recipes && column > 0;
        let has_key = KEYS.iter().any(|key| item.starts_with(key));
        let is_key = item.contains(": ") || item.ends_with(':');
        let is_item = item.len() < text.len() && !is_key && !self.is_other_list;
        let waits = WAITS.iter().any(|word| module.starts_with(word));
        let is_command = is_recipe || in_block || has_key || is_item || waits;
        (is_command && !code.is_empty() || code.starts_with("sleep ")).then(|| code.to_owned())
    }
}

/// A pause of Ansible: `pause: seconds=30`, or `seconds: 30` in a line below.
fn pause<'a>(inside: &'a str, rest: impl Iterator<Item = &'a str>) -> String {
    let below = rest.take_while(|line| !line.trim_start().starts_with("- "));
    let parts = std::iter::once(inside)
        .chain(below)
        .flat_map(|line| line.split([',', '{', '}']));
    let spans = parts.filter_map(|part| {
        let (name, value) = part.trim().split_once([':', '='])?;
        let number: u64 = value.trim().trim_matches(['"', '\'']).parse().ok()?;
        match name.trim() {
            "seconds" => Some(number),
            "minutes" => number.checked_mul(60),
            _ => None,
        }
    });
    spans
        .reduce(u64::saturating_add)
        .map_or_else(|| "pause".to_owned(), |span| format!("sleep {span}"))
}

#[cfg(test)]
mod tests {
    use crate::core::layers::steps::tests::commands;

    #[test]
    fn what_a_list_runs_behind_a_stop_is_a_command() {
        let cases: [(&str, &str, &[&str]); 15] = [
            (
                ".gitlab-ci.yml",
                "stop:\n  script:\n    - pkill -TSTP -f sidekiq\n  only:\n    - main\n  own_list:\n    - pkill -TERM -f sidekiq\n    - ./wait\n",
                &["pkill -TSTP -f sidekiq", "pkill -TERM -f sidekiq", "./wait"],
            ),
            (
                ".github/workflows/a.yml",
                "stop:\n  steps:\n    - run: pkill -TERM -f sidekiq\n    - run:\n        name: a\n    - run: ./wait\n",
                &["pkill -TERM -f sidekiq", "./wait"],
            ),
            (
                "justfile",
                "stop:\n    pkill -TERM -f sidekiq\n    ./wait\n",
                &["pkill -TERM -f sidekiq", "./wait"],
            ),
            (
                "Makefile",
                "stop:\n\t./before\n\tpkill -TERM -f sidekiq\n\t@./wait\n\nother:\n\t./later\n",
                &["pkill -TERM -f sidekiq", "./wait"],
            ),
            (
                ".gitlab-ci.yml",
                "stop:\n  script:\n    - pkill -TERM -f sidekiq\n    - ./wait\n  only:\n    - main\nother:\n  script:\n    - ./later\n",
                &["pkill -TERM -f sidekiq", "./wait"],
            ),
            (
                ".github/workflows/a.yml",
                "jobs:\n  stop:\n    steps:\n      - name: stop\n        run: |\n          pkill -TERM -f sidekiq\n          ./wait\n      - name: look\n        timeout-minutes: 3\n        run: ./look\n      - uses: a/wait@v1\n",
                &[
                    "pkill -TERM -f sidekiq",
                    "./wait",
                    "./look",
                    "uses: a/wait@v1",
                ],
            ),
            (
                ".github/workflows/a.yml",
                "jobs:\n  stop:\n    steps:\n      - run: pkill -TERM -f sidekiq\n      - run: |\n          ./wait\n        env:\n          A: b\n",
                &["pkill -TERM -f sidekiq", "./wait"],
            ),
            (
                "tasks/a.yml",
                "- name: stop\n  shell: pkill -TERM -f sidekiq\n  become: true\n- pause:\n    seconds: 30\n- name: kill\n  shell: pkill -9 -f sidekiq\n",
                &["pkill -TERM -f sidekiq", "sleep 30", "pkill -9 -f sidekiq"],
            ),
            (
                "tasks/a.yml",
                "  - command: pkill -TERM -f sidekiq\n  - ansible.builtin.pause: {minutes: 2, seconds: 5}\n",
                &["pkill -TERM -f sidekiq", "sleep 125"],
            ),
            (
                "tasks/a.yml",
                "  - command: pkill -TERM -f sidekiq\n  - pause: prompt=ready\n",
                &["pkill -TERM -f sidekiq", "pause"],
            ),
            (
                "tasks/a.yml",
                "  - command: pkill -TERM -f sidekiq\n  - wait_for: path=a state=absent\n",
                &["pkill -TERM -f sidekiq", "wait_for: path=a state=absent"],
            ),
            (
                "tasks/a.yml",
                "  - command: pkill -TERM -f sidekiq\n    register: stopped\n    ignore_errors: yes\n",
                &["pkill -TERM -f sidekiq"],
            ),
            (
                "Jenkinsfile",
                "  steps {\n    sh 'pkill -TERM -f sidekiq'\n    sleep(30)\n  }\n",
                &["pkill -TERM -f sidekiq", "sleep 30"],
            ),
            (
                "Jenkinsfile",
                "  steps {\n    sh 'pkill -TERM -f sidekiq'\n    sh './wait'\n  }\n",
                &["pkill -TERM -f sidekiq", "./wait"],
            ),
            (
                ".gitlab-ci.yml",
                "stop:\n  script:\n    - ./before\n    - pkill -TERM -f sidekiq\n    # ./wait\n",
                &["pkill -TERM -f sidekiq"],
            ),
        ];
        for (file, text, expected) in cases {
            assert_eq!(commands(file, text), expected, "{text}");
        }
    }
}
