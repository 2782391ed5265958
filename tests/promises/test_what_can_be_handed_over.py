"""docs/orders.md and docs/requests.md: what a host finds with a client's code, and until when."""

from survey.storage import batches
from tests.journeys.site import Site
from tests.journeys.walking import walk


def found(site, code):
    """How many rows and texts a host finds with this code and the server key."""
    keys = site.services.keys
    labels = ["answers", *(f"text:{text['variable']}" for text in site.texts)]
    values = {value for label in labels for value in keys.deletion_values(code, label)}
    return [sum(one["deletion"] in values for one in of) for of in (site.rows, site.texts)]


def test_with_a_code_and_the_key_a_row_is_found_until_the_freeze_and_by_nobody_after(open_app):
    kinds = Site(open_app("kinds"), "kinds")
    client = walk(kinds.client().begin(), story="A story.")
    client.send(code=True)
    for _ in range(2):
        walk(kinds.client().begin()).send(code=True)
    assert found(kinds, client.code) == [1, 1]
    batches.freeze(kinds.services.stores.pilot, kinds.name, minimum=1, closing=False)
    assert (len(kinds.rows), found(kinds, client.code)) == (3, [0, 0])
