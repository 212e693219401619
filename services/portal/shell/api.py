"""Files, and how pages are shown: language, light or dark, 长辈版, and which district one looks at."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.portal.shell.assets import Assets
from services.portal.shell.look import is_district, local_path
from shared.http.auth import anyone
from shared.http.problems import ProblemError

router = APIRouter(include_in_schema=False, dependencies=[Depends(anyone)])
_A_YEAR = 365 * 24 * 3600
_IMMUTABLE = f"public, max-age={_A_YEAR}, immutable"
_CHOICES = {
    "lang": ("zh", "en"),
    "theme": ("auto", "light", "dark"),
    "mode": ("standard", "elder"),
}


@router.get("/assets/{name}")
async def show_asset(name: str, request: Request) -> Response:
    """Serve a file; its name holds its hash, so it may be kept for ever."""
    assets: Assets = request.app.state.assets
    asset = assets.find(name)
    if asset is None:
        raise ProblemError(404, "not-found")
    headers = {"Cache-Control": _IMMUTABLE, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, 200, {**headers, "Content-Encoding": "gzip"}, asset.media_type)
    return Response(asset.content, 200, headers, asset.media_type)


@router.post("/display")
async def choose_display(
    request: Request,
    back: Annotated[str, Form()] = "/",
    lang: Annotated[str | None, Form()] = None,
    theme: Annotated[str | None, Form()] = None,
    mode: Annotated[str | None, Form()] = None,
    district: Annotated[str | None, Form()] = None,
) -> Response:
    """Keep how pages are to be shown, in this browser; what is not named stays as it is."""
    response = RedirectResponse(local_path(back), 303)
    secure = request.app.state.site.is_secure
    chosen = {"lang": lang, "theme": theme, "mode": mode}
    kept = {name: value for name, value in chosen.items() if value is not None and value in _CHOICES[name]}
    if district is not None and is_district(district):
        kept["district"] = district
    for name, value in kept.items():
        response.set_cookie(name, value, max_age=_A_YEAR, path="/", secure=secure, httponly=True, samesite="lax")
    return response
