"""The commands about versions, by name: small, since every run of the stage looks at it."""

VERBS = {
    "list": "the versions of a recipe's model, with data, score and the gate's word",
    "history": "which version was production from when to when, by whom and why",
    "card": "the model card of a version: what it is, what it rests on, how good it is, what it is not for",
    "fetch": "the folder with the results of an MLflow run, brought back if it was removed",
    "promote": "make a version production",
    "rollback": "bring back the version that was production before",
    "track": "send the finished result to the registry, if it does not know it yet",
}
