from exports.measure import faults_in, measure

CSV = (
    b"row,age,town,where,mood\r\n"
    b"1,1,-93,1,4\r\n"
    b"2,1,-99,1,-99\r\n"
    b"3,1,-95,2,4\r\n"
    b"4,2,3,3,5\r\n"
    b"5,2,3,3,-95\r\n"
)
KEYS = {"core": ("age", "town"), "insider": ("where",), "distinct": ("mood",)}


def entry(name: str, **changes: object) -> dict[str, object]:
    blank: dict[str, object] = {
        "variable": name,
        "type": "integer",
        "codes": {},
        "missing": {},
        "range": None,
    }
    return {**blank, "may_be_empty": False, **changes}


BOOK = [
    entry("row", range=[1, 5]),
    entry("age", codes={"1": "Young", "2": "Old"}),
    entry("town", codes={"3": "Here"}, missing={"-99": "", "-95": "", "-93": ""}),
    entry("where", codes={"1": "", "2": "", "3": ""}),
    entry("mood", range=[1, 5], missing={"-99": "", "-95": ""}),
]


def test_all_missing_codes_of_a_key_are_one_category_and_no_wildcard():
    assert measure(CSV, **KEYS).class_sizes == {2: 1, 3: 1}


def test_the_smallest_class_withheld_cells_and_lone_insiders_are_counted():
    found = measure(CSV, **KEYS)
    assert (found.smallest_class, found.withheld["town"], found.unique_insider) == (2, 1, 1)


def test_diversity_counts_all_kinds_of_missing_as_one_value():
    assert measure(CSV, **KEYS).distinct == {"mood": 2}


def test_a_good_file_has_no_faults():
    assert faults_in(measure(CSV, **KEYS), BOOK, k=2) == ()


def test_a_class_that_is_too_small_is_a_fault():
    assert faults_in(measure(CSV, **KEYS), BOOK, k=3) == (
        "the smallest core class has 2 rows, not 3",
    )


def test_a_column_that_the_codebook_lacks_is_a_fault():
    assert "mood" in faults_in(measure(CSV, **KEYS), BOOK[:-1], k=2)[0]


def test_a_code_that_the_codebook_lacks_is_a_fault_told_without_the_code():
    book = [*BOOK[:1], entry("age", codes={"1": "Young"}), *BOOK[2:]]
    assert faults_in(measure(CSV, **KEYS), book, k=2) == (
        "age holds 2 cells that the codebook does not explain",
    )


def test_a_decimal_where_codes_belong_is_a_fault():
    data = CSV.replace(b"4,2,3,3,5", b"4,2,3,3,4.5")
    assert "mood" in faults_in(measure(data, **KEYS), BOOK, k=2)[0]
