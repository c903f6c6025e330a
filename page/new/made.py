"""What the page keeps of uploads: the files, the recipes that it wrote, and their deletion."""

import streamlit as st

from page.new.making import delete_file, delete_recipe, find_readers, list_remains
from page.new.state import begin
from page.new.uploads import Upload, list_uploads
from page.shell.markdown import plain
from relay.handoff.settings import Settings
from relay.handoff.wording import list_words, show_bytes, show_unix

TOLD = "new-told"
"""What was deleted, and what stays: said after the page is drawn again."""


def show_made(settings: Settings) -> None:
    """Files and recipes that were made here, with a way to draft again and to delete.

    Raises:
        UploadError: one cannot be deleted.
    """
    if told := st.session_state.pop(TOLD, ""):
        st.info(plain(told), icon=":material/delete:")
    uploads = list_uploads(settings)
    if not uploads:
        return
    st.header("Uploads", anchor=False)
    for upload in uploads:
        with st.container(border=True, key=f"new-upload:{upload.name}"):
            _show_upload(settings, upload)


def _show_upload(settings: Settings, upload: Upload) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(upload.given)}**", width="content")
        st.caption(plain(f"data/uploads/{upload.name}, {show_bytes(upload.bytes)}, {show_unix(upload.uploaded_unix)}"))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Draft a recipe", key=f"new-draft:{upload.name}", icon=":material/edit_document:"):
            begin(upload)
            st.rerun()
        for made in upload.recipes:
            _offer_recipe(settings, upload, made.name)
        if not upload.recipes:
            _offer_file(settings, upload)


def _offer_recipe(settings: Settings, upload: Upload, name: str) -> None:
    # A key of its own: without one the browser knows it by its place, and the next one would open in its stead.
    key = f"new-delete-menu:{upload.name}:{name}"
    with st.popover(f"Delete recipe {name}", icon=":material/delete:", key=key):
        stays = list_remains(settings, name)
        st.markdown(
            plain(f"Deletes the recipe {name}. ")
            + (plain(f"{list_words(stays)} stay, and so do its versions in the registry. ") if stays else "")
            + plain(f"The file {upload.name} stays until you delete it.")
        )
        if st.button(f"Delete {name}", key=f"new-delete:{upload.name}:{name}", type="primary"):
            remains = delete_recipe(settings, upload, name)
            left = f" {list_words(remains)} stay: delete them by hand." if remains else ""
            st.session_state[TOLD] = f"Deleted the recipe {name}.{left}"
            st.rerun()


def _offer_file(settings: Settings, upload: Upload) -> None:
    readers = find_readers(settings, upload)
    key = f"new-delete-menu:{upload.name}"
    with st.popover("Delete file", icon=":material/delete:", disabled=bool(readers), key=key):
        st.markdown(plain(f"Deletes data/uploads/{upload.name}. Datasets that were made of it stay."))
        if st.button("Delete the file", key=f"new-delete:{upload.name}", type="primary"):
            delete_file(settings, upload)
            st.session_state[TOLD] = f"Deleted data/uploads/{upload.name}."
            st.rerun()
    if readers:
        st.caption(plain(f"Read by {list_words(readers)}"))
