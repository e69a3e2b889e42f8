/** The page, its script and its style. */
export declare const html: string
export declare const script: string
export declare const style: string
