@{
    ExcludeRules = @(
        # Looks at one scope at a time: what Pester's BeforeAll sets for the tests, and a script's parameters that its functions read, it takes for unused.
        'PSUseDeclaredVarsMoreThanAssignments'
        'PSReviewUnusedParameter'
        # Small functions that only their own script calls take their arguments in order, as they would in any language.
        'PSAvoidUsingPositionalParameters'
    )
}
