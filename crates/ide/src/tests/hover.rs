use expect_test::{Expect, expect};

use super::at_cursor;

fn check(fixture: &str, expected: Expect) {
    let shown = at_cursor(fixture, |snapshot, offset| {
        let hover = snapshot.hover(offset).expect("the index answers");
        hover.map_or_else(
            || "nothing".to_owned(),
            |hover| {
                let about = hover.range.of(&snapshot.document.text);
                format!("{about}\n\n{}\n", hover.markup.to_markdown())
            },
        )
    });
    expected.assert_eq(&shown);
}

#[test]
fn a_version_with_its_history() {
    check(
        r#"{ nodejs = "20.1$01.0"; }"#,
        expect![[r#"
            "20.11.0"

            **nodejs** **20.11.0**  
            Event-driven I/O for \*V8\*

            First seen 2024-01-10 (11 months ago) at [00000000659d](<https://github.com/NixOS/nixpkgs/commit/00000000659dde00abababababababababababab>)  
            Last seen 2024-03-01 (10 months ago) at [0000000065e1](<https://github.com/NixOS/nixpkgs/commit/0000000065e11a80abababababababababababab>)

            Newest of line 20: **20.18.1** · newest of all: **22.1.0**

            ```text
            20.18.1  ....................####  2024-11-01 to 2024-12-24
            20.11.0  ....###.................  2024-01-10 to 2024-03-01 <
            20.9.0   ##......................  2023-10-25 to 2023-11-20
            ```

            License: MIT  
            [https://example.org/](<https://example.org/>)

            ```sh
            nix shell nixpkgs/0000000065e11a80abababababababababababab#nodejs
            ```

            The index goes up to 2024-12-31 of nixpkgs-unstable, yesterday.
        "#]],
    );
}

#[test]
fn the_newest_version_and_a_vulnerable_one() {
    check(
        r#"{ nod$0ejs = "22.1.0"; }"#,
        expect![[r#"
            nodejs

            **nodejs** **22.1.0**  
            Event-driven I/O for \*V8\*

            First seen 2024-05-02 (8 months ago) at [000000006632](<https://github.com/NixOS/nixpkgs/commit/000000006632d780abababababababababababab>)  
            Still there in the newest commit that was indexed, 2024-12-31 (yesterday) at [000000006773](<https://github.com/NixOS/nixpkgs/commit/0000000067733400abababababababababababab>)

            This is the newest version.

            ```text
            22.1.0       .#######################  2024-05-02 to 2024-12-31 <
            22.0.0-rc.1  #.......................  2024-04-20 to 2024-04-23
            ```

            License: MIT  
            [https://example.org/](<https://example.org/>)

            ```sh
            nix shell nixpkgs/0000000067733400abababababababababababab#nodejs
            ```

            The index goes up to 2024-12-31 of nixpkgs-unstable, yesterday.
        "#]],
    );
    check(
        r#"{ python3Packages.requests = "2.28.1$0"; }"#,
        expect![[r#"
            "2.28.1"

            **python3Packages.requests** **2.28.1**  
            HTTP library for humans

            ⚠ Known vulnerability: CVE-2023-32681

            First seen 2022-07-01 (2 years ago) at [0000000062be](<https://github.com/NixOS/nixpkgs/commit/0000000062be3900abababababababababababab>)  
            Last seen 2023-01-31 (23 months ago) at [0000000063d8](<https://github.com/NixOS/nixpkgs/commit/0000000063d85a00abababababababababababab>)

            Newest of line 2: **2.28.2** · newest of all: **2.28.2**

            ```text
            2.28.2  .....###################  2023-02-01 to 2024-12-31
            2.28.1  ######..................  2022-07-01 to 2023-01-31 <
            ```

            License: MIT  
            [https://example.org/](<https://example.org/>)  
            Defined in [pkgs/python modules/requests.nix](<https://github.com/NixOS/nixpkgs/blob/0000000063d85a00abababababababababababab/pkgs/python%20modules/requests.nix>)

            ```sh
            nix shell nixpkgs/0000000063d85a00abababababababababababab#python3Packages.requests
            ```

            The index goes up to 2024-12-31 of nixpkgs-unstable, yesterday.
        "#]],
    );
}

#[test]
fn a_version_that_never_was() {
    check(
        r#"{ nodejs = "20.11.1$0"; }"#,
        expect![[r#"
            "20.11.1"

            **nodejs** was never seen with version `20.11.1`.

            Newest of line 20: **20.18.1** · newest of all: **22.1.0**

            The index goes up to 2024-12-31 of nixpkgs-unstable, yesterday.
        "#]],
    );
}

#[test]
fn requirements_and_names_without_version() {
    check(
        r#"{ python3 = "^3.1$01"; }"#,
        expect![[r#"
            "^3.11"

            **python3**  
            A language

            Newest: **3.11.7**, last seen 2024-12-31 (yesterday); 1 version in all

            License: MIT  
            [https://example.org/](<https://example.org/>)

            `^3.11` allows **3.11.7**.

            The index goes up to 2024-12-31 of nixpkgs-unstable, yesterday.
        "#]],
    );
    check(
        "{ nodejs_22$0 }",
        expect![[r#"
            nodejs_22

            **nodejs\_22**  
            Event-driven I/O

            Newest: **22.1.0**, last seen 2024-12-31 (yesterday); 1 version in all

            Another name of `nodejs`  
            License: MIT  
            [https://example.org/](<https://example.org/>)

            The index goes up to 2024-12-31 of nixpkgs-unstable, yesterday.
        "#]],
    );
}

#[test]
fn nothing_over_other_things() {
    check(r#"{ nosuch = "1$0"; }"#, expect!["nothing"]);
    check(r#"{ pk$0gs }: { }"#, expect!["nothing"]);
    check("{ $0 }", expect!["nothing"]);
    check(
        "{ git$0 = version; }",
        expect![[r#"
            git

            **git**  
            Version control

            Newest: **2.44.0**, last seen 2024-12-31 (yesterday); 1 version in all

            License: MIT  
            [https://example.org/](<https://example.org/>)

            The index goes up to 2024-12-31 of nixpkgs-unstable, yesterday.
        "#]],
    );
}
