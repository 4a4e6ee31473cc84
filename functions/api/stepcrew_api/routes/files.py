"""The group's files: uploaded, listed, fetched and removed. Their bytes do not pass through here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from stepcrew.domain.files import FILE_NAME, GroupFile
from stepcrew.services.keep_files import FileReceipt, NewFile
from stepcrew_api.bodies import FileBody
from stepcrew_api.file_schemas import FileAddress, FileList, FileUpload
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller, Member
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected

router = APIRouter(prefix="/files", tags=["files"], route_class=GuardedRoute)

FileName = Annotated[str, Path(pattern=FILE_NAME, description="The file's name, without a folder.")]


@router.get("", responses=responses())
def list_files(identity: Caller, services: Injected) -> FileList:
    """The group's files with size, kind, hash and state."""
    return FileList(files=services.files.list(identity.group_id))


@router.put(
    "/{name}",
    response_model=GroupFile,
    responses={202: {"model": FileUpload, "description": "Its bytes are not there yet"}, **responses(400, 413, 415)},
)
def put_file(name: FileName, body: FileBody, identity: Member, services: Injected) -> GroupFile | JSONResponse:
    """Makes the name stand for these bytes, once they are uploaded: ask, upload to the address that is answered, ask
    again. What the name stood for before is removed then, and the file is read; `state` says how that ended. The same
    request again has a file read once more that could not be."""
    new = NewFile(name, body.sha256, body.bytes, identity.name, body.embedder)
    taken = services.files.put(identity.group_id, new)
    if isinstance(taken, GroupFile):
        return taken
    return JSONResponse(FileUpload(url=taken.url, headers=taken.headers).model_dump(), status_code=202)


@router.get("/{name}", responses=responses(404))
def read_file(name: FileName, identity: Caller, services: Injected) -> FileAddress:
    """One file, and where its bytes are."""
    return FileAddress(**services.files.get(identity.group_id, name)._asdict())


@router.delete("/{name}", responses=responses())
def delete_file(name: FileName, identity: Member, services: Injected) -> FileReceipt:
    """Removes the file and answers what went. Asking again removes nothing more."""
    return services.files.delete(identity.group_id, name)
