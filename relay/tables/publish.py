"""A finished dataset becomes a table, where a database is configured: `raw/linear` is `raw.linear_data`."""

from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt
from relay.handoff.run import Parameters, Run


def publish_dataset(run: Run[Parameters], location: DatasetLocation, receipt: Receipt) -> None:
    """Publish a run's dataset, unless the database holds it already.

    Raises:
        DatabaseError: the database is away or refuses; the dataset is whole and can be published later.
        SchemaError: PostgreSQL cannot hold one of its values.
    """
    if not run.settings.database_url:
        return
    # Imported here: without a database no stage needs the driver, and Arrow only one that has something to publish.
    from relay.tables.connection import Database, DatabaseError
    from relay.tables.table import find_table, is_published

    table = find_table(location)
    try:
        with Database(run.settings.database_url) as database:
            if not is_published(database, table, receipt.fingerprint):
                from relay.tables.replace import Publication

                Publication(database, table, location, run.fingerprints, run.name).publish()
    except DatabaseError as error:
        where = location.parquet if receipt.parts is None else location.parts / receipt.parts.folder
        raise DatabaseError(
            f"{error}. The dataset is whole in {where}, but not published as {table}: see to the database, "
            f"then run `{run.command}` again, which publishes it without working anew",
            error.state,
        ) from error
