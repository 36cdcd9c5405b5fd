BeforeDiscovery {
    . $PSScriptRoot/TestSupport.ps1
    . $PSScriptRoot/HelpExamples.ps1
    $cmdlets = Get-Command -Module CryoBackup -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } }
    $examples = Get-WrittenExample
}

BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    . $PSScriptRoot/HelpExamples.ps1
    $root = Split-Path -Path $PSScriptRoot
    $source = Join-Path $root 'en-US'
    # What the shell itself gives to every command that supports ShouldProcess.
    $ofTheShell = $CommonParameters | Where-Object { $_ -notin 'WhatIf', 'Confirm' }

    # The sections of a Markdown page, by their headings of a level.
    function Get-Section([string] $Text, [string] $Mark) {
        $sections = @{}
        foreach ($part in $Text -split "(?m)^(?=$Mark [^\n]+\n)") {
            if ($part -match "^$Mark (?<heading>[^\n]+)\n(?<body>(?s).*)") {
                $sections[$Matches.heading.Trim()] = $Matches.body.Trim()
            }
        }

        $sections
    }
}

Describe 'The Markdown of <Name>' -ForEach $cmdlets {
    BeforeAll {
        $command = Get-Command -Name $Name
        $text = (Get-Content -LiteralPath (Join-Path $source "$Name.md") -Raw).ReplaceLineEndings("`n")
        $sections = Get-Section $text '##'
        $described = Get-Section $sections['PARAMETERS'] '###'
    }

    It 'is complete' {
        $text | Should -Not -Match '\{\{'
        foreach ($heading in 'SYNOPSIS', 'SYNTAX', 'DESCRIPTION', 'EXAMPLES', 'PARAMETERS', 'INPUTS', 'OUTPUTS', 'NOTES', 'RELATED LINKS') {
            $sections[$heading] | Should -Not -BeNullOrEmpty -Because $heading
        }

        (Get-Section $sections['EXAMPLES'] '###').Count | Should -BeGreaterOrEqual 4
    }

    It 'has the parameters that the cmdlet has, each described, with its default' {
        $real = $command.Parameters.Keys | Where-Object { $_ -notin $ofTheShell }
        $described.Keys | Where-Object { $_ -ne 'CommonParameters' } | Sort-Object | Should -Be @($real | ForEach-Object { "-$_" } | Sort-Object)
        foreach ($parameter in $real) {
            ($described["-$parameter"] -split '```yaml')[0].Trim() | Should -Match '\w{3}.*[.`]' -Because "-$parameter is to be described"
            $described["-$parameter"] | Should -Match "DefaultValue: '?[^'\s]" -Because "-$parameter is to have its default written"
        }
    }

    It 'says of each parameter what reflection says' {
        foreach ($parameter in $command.Parameters.Values | Where-Object Name -NotIn $ofTheShell) {
            $written = $described["-$($parameter.Name)"]
            $type = $parameter.ParameterType
            $underlying = [Nullable]::GetUnderlyingType($type)
            $written | Should -Match "(?m)^Type: $([regex]::Escape($(if ($underlying) { "System.Nullable``1[$($underlying.FullName)]" } else { $type.FullName })))$" -Because $parameter.Name
            $aliases = if ($written -match '(?m)^Aliases:(?: \[\])?\n(?<list>(?:- .*\n)*)') { $Matches.list -split '\n' | Where-Object { $_ } | ForEach-Object { $_.Substring(2).Trim("'") } }
            @($aliases | Sort-Object) | Should -Be @($parameter.Aliases | Sort-Object) -Because $parameter.Name
            $wildcards = [bool] ($parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] })
            $written | Should -Match "(?m)^SupportsWildcards: $wildcards$" -Because $parameter.Name
            foreach ($set in $parameter.ParameterSets.GetEnumerator()) {
                $heading = if ($set.Key -eq '__AllParameterSets') { '\(All\)' } else { [regex]::Escape($set.Key) }
                $position = if ($set.Value.Position -ge 0) { $set.Value.Position } else { 'Named' }
                $written | Should -Match ("(?m)^- Name: $heading\n  Position: $position\n  IsRequired: $($set.Value.IsMandatory)\n" +
                    "  ValueFromPipeline: $($set.Value.ValueFromPipeline)\n  ValueFromPipelineByPropertyName: $($set.Value.ValueFromPipelineByPropertyName)\n") -Because "$($parameter.Name) in $($set.Key)"
            }

            [regex]::Matches($written, '(?m)^- Name: ').Count | Should -Be $parameter.ParameterSets.Count -Because $parameter.Name
        }
    }

    It 'has the syntax that the shell shows' {
        $hidden = $command.Parameters.Values | Where-Object { $_.Attributes | Where-Object { $_ -is [Parameter] -and $_.DontShow } } | ForEach-Object Name
        foreach ($set in $command.ParameterSets) {
            $shown = $set.ToString() -replace ' \[<CommonParameters>\]'
            foreach ($parameter in $hidden) {
                $shown = $shown -replace " \[-$parameter <[^>]+>\]"
            }

            ($sections['SYNTAX'] -replace '\n ', ' ') | Should -Match "(?m)^$([regex]::Escape("$Name $shown"))$"
        }
    }

    It 'describes every value of an enumeration' {
        foreach ($parameter in $command.Parameters.Values) {
            $type = $parameter.ParameterType
            $type = [Nullable]::GetUnderlyingType($type) ?? $type
            if ($type.IsEnum -and $type.Namespace -like 'CryoBackup*') {
                foreach ($value in [enum]::GetNames($type)) {
                    $described["-$($parameter.Name)"] | Should -Match "(?m)^- ${value}: \w" -Because "$($parameter.Name) takes it"
                }
            }
        }
    }

    It 'describes what is emitted, property by property' {
        $outputs = Get-Section $sections['OUTPUTS'] '###'
        foreach ($type in $command.OutputType.Type) {
            $outputs.Keys | Should -Contain $type.FullName
            if ($type.Namespace -notlike 'CryoBackup*') {
                continue
            }

            $page = $outputs[$type.FullName] -replace '\n  ', ' '
            $written = [regex]::Matches($page, '(?m)^- (\w+): \w') | ForEach-Object { $_.Groups[1].Value }
            $written | Sort-Object | Should -Be @($type.GetProperties().Name | Sort-Object) -Because "these are the properties of $type"
            foreach ($property in $type.GetProperties() | Where-Object { $_.PropertyType.Name -like 'ResultList*' -and $_.PropertyType.GenericTypeArguments[0].Namespace -like 'CryoBackup*' }) {
                $line = [regex]::Match($page, "(?m)^- $($property.Name): .*").Value
                foreach ($inner in $property.PropertyType.GenericTypeArguments[0].GetProperties().Name) {
                    $line | Should -MatchExactly "\b$inner\b" -Because "it is a property of what $($property.Name) holds"
                }
            }
        }
    }
}

Describe 'The MAML' {
    It 'is what the Markdown gives' {
        if (-not (Get-Module -ListAvailable -Name Microsoft.PowerShell.PlatyPS)) {
            Set-ItResult -Skipped -Because 'Microsoft.PowerShell.PlatyPS WAS NOT FOUND'
            return
        }

        $made = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'maml')).FullName
        $lines = Invoke-Shell -File (Join-Path $root 'build.ps1') Help $made 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($lines -join [Environment]::NewLine)
        $committed = (Get-Content -LiteralPath (Join-Path $source 'CryoBackup.dll-Help.xml') -Raw).ReplaceLineEndings("`n")
        (Get-Content -LiteralPath (Join-Path $made 'CryoBackup.dll-Help.xml') -Raw).ReplaceLineEndings("`n") |
            Should -BeExactly $committed -Because 'build.ps1 Help must be run, and its result committed, after the Markdown was changed'
    }

    It 'leads -Online to the page of each cmdlet, where the manifest says where the project lies' {
        . (Join-Path $source 'Maml.ps1')
        $copy = Join-Path $TestDrive 'online/CryoBackup'
        Copy-Item -LiteralPath (Split-Path $ModulePath) -Destination (New-Item -ItemType Directory -Path $copy) -Recurse
        $copy = Join-Path $copy (Split-Path (Split-Path $ModulePath) -Leaf)
        $maml = [xml] (Get-Content -LiteralPath (Join-Path $source 'CryoBackup.dll-Help.xml') -Raw)
        Add-OnlineVersion $maml 'https://example.org/us/CryoBackup/'
        $maml.Save((Join-Path $copy 'en-US/CryoBackup.dll-Help.xml'))
        $found = Invoke-Shell -Command "Import-Module '$copy'; Get-Command -Module CryoBackup -CommandType Cmdlet | ForEach-Object { (Get-Help `$_.Name).relatedLinks.navigationLink[0].uri }"
        $found | Should -Be @((Get-Command -Module CryoBackup -CommandType Cmdlet).Name | ForEach-Object { "https://example.org/us/CryoBackup/blob/HEAD/en-US/$_.md" })
    }

    It 'is shipped with the module, and about_CryoBackup too' {
        foreach ($file in 'CryoBackup.dll-Help.xml', 'about_CryoBackup.help.txt', 'about_CryoBackup_Comparison.help.txt', 'about_CryoBackup_Configuration.help.txt', 'about_CryoBackup_Evidence.help.txt') {
            (Get-FileHash -LiteralPath (Join-Path (Split-Path $ModulePath) "en-US/$file")).Hash | Should -Be (Get-FileHash -LiteralPath (Join-Path $source $file)).Hash
        }

        Get-Help about_CryoBackup | Out-String | Should -Match 'THE IDEA'
    }
}

Describe 'Get-Help <Name>' -ForEach $cmdlets {
    BeforeAll {
        $help = Get-Help -Name $Name -Full
        $text = (Get-Content -LiteralPath (Join-Path $source "$Name.md") -Raw).ReplaceLineEndings("`n")
    }

    It 'shows synopsis, description, notes and links' {
        $help.Synopsis | Should -Be (Get-Section $text '##')['SYNOPSIS']
        $help.description.Text | Should -Not -BeNullOrEmpty
        ($help.alertSet.alert.Text -join ' ') | Should -Match 'promises'
        $help.relatedLinks.navigationLink.linkText | Should -Contain 'about_CryoBackup'
    }

    It 'shows each example as code with its words' {
        $written = @(Get-WrittenExample | Where-Object Source -EQ "$Name.md")
        @($help.examples.example).Count | Should -Be $written.Count
        @($help.examples.example) | ForEach-Object { $_.code.ReplaceLineEndings("`n") } | Should -Be $written.Code
        foreach ($example in $help.examples.example) {
            ($example.remarks.Text -join '').Trim() | Should -Not -BeNullOrEmpty
        }
    }

    It 'shows each parameter with words and default' {
        foreach ($parameter in (Get-Command $Name).Parameters.Values | Where-Object Name -NotIn $ofTheShell) {
            if ($parameter.Attributes | Where-Object { $_ -is [Parameter] -and $_.DontShow }) {
                continue
            }

            $shown = $help.parameters.parameter | Where-Object name -EQ $parameter.Name
            ($shown.description.Text -join ' ') | Should -Not -BeNullOrEmpty
            $shown.defaultValue | Should -Not -BeNullOrEmpty
        }
    }
}

Describe 'Every example runs as it is written' {
    BeforeAll {
        Initialize-ExampleServer
        # The answer of a person at the prompt: the role of the tests, without a password.
        Mock Get-Credential { [pscredential]::new($env:PGUSER, [securestring]::new()) }
    }

    BeforeEach {
        # Every example stands for itself.
        $folder = Join-Path $TestDrive ([guid]::NewGuid())
        $null = Initialize-ExampleFolder $folder
        Push-Location -LiteralPath $folder
    }

    AfterEach {
        Pop-Location
        if ($Code -cmatch '-TargetDatabase|--target-database|NAME') {
            Initialize-ExampleDatabase
        }
    }

    AfterAll {
        Clear-ExampleServer
    }

    It '<Source>: <Title>' -ForEach $examples {
        $missing = Get-MissingProgram $_
        if ($missing) {
            Set-ItResult -Skipped -Because "$($missing -join ', ') WAS NOT FOUND"
            return
        }

        $text = Expand-Placeholder $Code
        if ($Kind -eq 'Shell') {
            $output = sh -e -c $text 2>&1
            $LASTEXITCODE | Should -Be 0 -Because ($output -join [Environment]::NewLine)
            return
        }

        # Stands for the person who answers yes.
        $ConfirmPreference = 'None'
        $results = & ([scriptblock]::Create($text))
        foreach ($result in $results | Where-Object { $_ }) {
            foreach ($property in $result.PSObject.Properties.Match('Verdict') + $result.PSObject.Properties.Match('Status')) {
                $property.Value | Should -BeIn 'Passed', 'Restored', 'Planned'
            }
        }
    }
}
