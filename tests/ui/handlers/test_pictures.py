"""Settings that a saved picture brings back."""

import json

from tests.ui.handlers.visitor import App, page_after, request, seen
from tests.ui.screens.test_card import png


def test_a_picture_brought_back_fills_the_fields(app: App) -> None:
    kept = {"palate": json.dumps({"prompt": "a boat, ink", "seed": 7, "model": "another"})}
    page = page_after(seen(app.handlers.pictures.recall(None, png((1, 2, 3), **kept), request())))
    assert (page["wish"], page["seed"], page["strength"]) == ("a boat, ink", "7", 0.0)
    assert "another model" in page["notice"]
    kept = {"palate": json.dumps({"prompt": "a boat", "seed": 7, "model": app.renderer.name})}
    page = page_after(seen(app.handlers.pictures.recall(None, png((1, 2, 3), **kept), request())))
    assert "another model" not in page["notice"]
    for odd in ({"palate": "{}"}, {"palate": '{"prompt": "", "seed": -1, "model": "x"}'}, {}):
        page = page_after(seen(app.handlers.pictures.recall(None, png((1, 2, 3), **odd), request())))
        assert "no Palate settings" in page["notice"] and "wish" not in page
    kept = {"palate": json.dumps({"prompt": "x" * 1500, "seed": 7, "model": "m"})}
    assert "wish" not in page_after(
        seen(app.handlers.pictures.recall(None, png((1, 2, 3), **kept), request()))
    )
