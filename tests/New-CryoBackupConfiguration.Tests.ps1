BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    $tool = Join-Path (Split-Path -Path $PSScriptRoot) 'output/tool/cryobackup'
}

Describe 'New-CryoBackupConfiguration' {
    It 'has these parameters' {
        (Get-Command New-CryoBackupConfiguration).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object | Should -Be @('Path')
    }

    It 'writes a file that passes the test once its variable is set' {
        $file = New-CryoBackupConfiguration (Join-Path $TestDrive 'config/cryobackup.yaml')
        $file | Should -BeOfType System.IO.FileInfo
        $result = $file | Test-CryoBackupConfiguration
        $result.Problems.Key | Should -Be 'database.password'
        $env:POSTGRES_PASSWORD = 'canary'
        try {
            ($file | Test-CryoBackupConfiguration).IsValid | Should -BeTrue
        }
        finally {
            $env:POSTGRES_PASSWORD = $null
        }
    }

    It 'is for its owner alone' -Skip:$IsWindows {
        [int] (New-CryoBackupConfiguration (Join-Path $TestDrive 'own.yaml')).UnixFileMode | Should -Be ([Convert]::ToInt32('600', 8))
    }

    It 'replaces nothing' {
        $file = Join-Path $TestDrive 'mine.yaml'
        Set-Content -LiteralPath $file -Value 'mine' -NoNewline
        New-CryoBackupConfiguration $file -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'DestinationNotWritable,*'
        $problems[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        Get-Content -LiteralPath $file -Raw | Should -Be 'mine'
        & $tool config new $file 2>$null
        $LASTEXITCODE | Should -Be 1
        Get-Content -LiteralPath $file -Raw | Should -Be 'mine'
    }

    It 'writes nothing with -WhatIf' {
        $file = Join-Path $TestDrive 'whatif.yaml'
        New-CryoBackupConfiguration $file -WhatIf | Should -BeNullOrEmpty
        $file | Should -Not -Exist
    }

    It 'has its twin in the tool' {
        $file = Join-Path $TestDrive 'tool/cryobackup.yaml'
        & $tool config new $file | Should -Be $file
        $LASTEXITCODE | Should -Be 0
        Get-Content -LiteralPath $file -Raw | Should -Be ((& $tool config --example | Out-String) -replace "`r")
    }
}
